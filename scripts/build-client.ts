import { chmod, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { declare } from './client/declarations.ts';
import { buildParts, otherParts, SHARED_OPTIONS } from './client/parts.ts';
import { ROOT } from './sources.ts';

const CLIENT = join(ROOT, 'client');

/** The client as it is published: a folder for `npm pack` with its code, declarations, README and examples. */
export async function buildClient(out: string): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await buildParts(out);
  await buildEntries(out);
  for (const name of ['package.json', 'README.md', 'examples']) {
    await cp(join(CLIENT, name), join(out, name), { recursive: true });
  }
  const entry: Readonly<Record<string, unknown>> = createRequire(import.meta.url)(join(out, 'node.cjs'));
  await writeFile(join(out, 'node.js'), moduleOver('./node.cjs', Object.keys(entry)));
  await declare(out, entry);
}

/**
 * In Node there is one copy of the client, CommonJS, whether a program says `import` or `require`: Jest as it comes,
 * Node 20 and TypeScript projects that are CommonJS load no ES modules.
 */
async function buildEntries(out: string): Promise<void> {
  const common = { ...SHARED_OPTIONS, outdir: out, platform: 'node' as const };
  await build({
    ...common,
    entryPoints: { node: join(CLIENT, 'src/node.ts') },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    plugins: [otherParts('cjs')],
  });
  await build({
    ...common,
    entryPoints: { countersign: join(CLIENT, 'src/cli/main.ts') },
    format: 'esm',
    plugins: [otherParts('cjs')],
  });
  await chmod(join(out, 'countersign.js'), 0o755);
  await build({
    ...common,
    entryPoints: { browser: join(CLIENT, 'src/browser.ts') },
    format: 'esm',
    platform: 'neutral',
    plugins: [otherParts('esm')],
  });
}

/** An ES module whose exports are those of a CommonJS one. */
const moduleOver = (path: string, names: readonly string[]): string =>
  `import client from '${path}';\nexport const { ${names.join(', ')} } = client;\n`;

if (process.argv[1] === import.meta.filename) {
  await buildClient(join(ROOT, 'dist/client'));
  process.stdout.write('client             dist/client, for npm pack\n');
}
