import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { ROOT } from './sources.ts';

const CLIENT = join(ROOT, 'client');
const run = promisify(execFile);

/**
 * The client as it is published: a folder for `npm pack` with plain ESM, declarations, README and examples. What both
 * entries share is in chunks, so that a page loads nothing of Node's.
 */
export async function buildClient(out: string): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await build({
    entryPoints: {
      node: join(CLIENT, 'src/node.ts'),
      browser: join(CLIENT, 'src/browser.ts'),
      countersign: join(CLIENT, 'src/cli/main.ts'),
    },
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    external: ['node:*'],
    target: 'es2022',
    logLevel: 'warning',
  });
  await chmod(join(out, 'countersign.js'), 0o755);
  await declare(out);
  for (const name of ['package.json', 'README.md', 'examples']) {
    await cp(join(CLIENT, name), join(out, name), { recursive: true });
  }
}

/** One declaration a source, below the two of the entries. */
async function declare(out: string): Promise<void> {
  const flags = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--rootDir', 'client/src'];
  const settings = [
    ['--target', 'es2024'],
    ['--lib', 'es2024,esnext.disposable'],
    ['--module', 'nodenext'],
    ['--types', 'node'],
    ['--outDir', out],
  ].flat();
  const strict = ['--strict', '--skipLibCheck', '--allowImportingTsExtensions', '--exactOptionalPropertyTypes'];
  const entries = ['client/src/node.ts', 'client/src/browser.ts'];
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '--ignoreConfig', ...flags, ...settings, ...strict, ...entries], { cwd: ROOT });
  for (const file of globSync('**/*.d.ts', { cwd: out })) {
    const text = await readFile(join(out, file), 'utf8');
    await writeFile(join(out, file), text.replaceAll(/(from '\.[^']*|import\("\.[^"]*)\.ts(['"])/g, '$1.js$2'));
  }
}

if (import.meta.main) {
  await buildClient(join(ROOT, 'dist/client'));
  process.stdout.write('client             dist/client, for npm pack\n');
}
