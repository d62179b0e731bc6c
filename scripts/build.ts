import { globSync } from 'node:fs';
import { copyFile, cp, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './sources.ts';

/**
 * `npm run build`: one self-contained folder a function in dist/, run by `node dist/NAME/main.cjs`. CommonJS, since the
 * Google clients load their parts by require; the one native module (CRC32C) is copied beside the bundle.
 */
const OUT = join(ROOT, 'dist');

interface Built {
  readonly name: string;
  /** Bytes of the code, without its source map. */
  readonly size: number;
}

async function bundle(entry: string): Promise<Built> {
  const name = basename(dirname(entry));
  const outfile = join(OUT, name, 'main.cjs');
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    keepNames: true, // errors are told apart by their class's name in logs
    sourcemap: 'external',
    legalComments: 'none',
    logLevel: 'warning',
    loader: { '.node': 'copy' },
    external: ['@node-rs/crc32-*'],
    define: { 'import.meta.dirname': '__dirname' }, // CommonJS has the one and not the other
  });
  await copyNativeModules(join(OUT, name));
  await copyAssets(name);
  return { name, size: (await stat(outfile)).size };
}

/** napi modules are looked for as packages beside the bundle: those of the platforms that are installed. */
async function copyNativeModules(folder: string): Promise<void> {
  for (const file of globSync('node_modules/@node-rs/crc32-*/{package.json,*.node}', { cwd: ROOT })) {
    const target = join(folder, file);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(ROOT, file), target);
  }
}

/** The docs function's files, its own and its renderer's, where it looks for them from beside the bundle. */
async function copyAssets(name: string): Promise<void> {
  if (name !== 'docs') return;
  const renderer = ['package.json', 'LICENSE', 'NOTICE', 'swagger-ui.css', 'swagger-ui-bundle.js'];
  await cp(join(ROOT, 'functions/docs/assets'), join(OUT, name, 'assets'), { recursive: true });
  for (const file of renderer) {
    const path = join('node_modules/swagger-ui-dist', file);
    await cp(join(ROOT, path), join(OUT, name, path));
  }
}

await rm(OUT, { recursive: true, force: true });
const built = await Promise.all(globSync('functions/*/main.ts', { cwd: ROOT }).sort().map(bundle));
await writeFile(join(OUT, 'manifest.json'), `${JSON.stringify(built, null, 2)}\n`);
for (const { name, size } of built)
  process.stdout.write(`${name.padEnd(18)} ${(size / 1024).toFixed(0).padStart(6)} KiB\n`);
