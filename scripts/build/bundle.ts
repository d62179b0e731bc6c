import { globSync } from 'node:fs';
import { copyFile, cp, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { ROOT } from '../sources.ts';
import { buildConsoleApp } from './console-app.ts';
import { leftOut } from './left-out.ts';

export interface Built {
  readonly name: string;
  /** Bytes of the code, without its source map. */
  readonly size: number;
}

/** How everything that runs on Node is bundled. */
export const NODE_BUNDLE: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  // Names stay, since errors are told apart by their class's name in logs. They are not shortened and kept (`keepNames`):
  // that names every closure again each time it is made, a sixth of a heartbeat's time.
  sourcemap: 'external',
  legalComments: 'none',
  logLevel: 'warning',
  loader: { '.node': 'copy' },
  external: ['@node-rs/crc32-*'],
  define: { 'import.meta.dirname': '__dirname' }, // CommonJS has the one and not the other
  plugins: [leftOut],
};

/** Everything that has a `main.ts`: the functions and the worker. */
export const bundleNames = (): string[] =>
  globSync('functions/*/main.ts', { cwd: ROOT })
    .map((entry) => dirname(entry).slice('functions/'.length))
    .sort();

/**
 * Makes `out/NAME/`, self-contained, run by `node out/NAME/main.cjs`. CommonJS, since the Google clients load their
 * parts by require; the one native module (CRC32C) is copied beside the bundle.
 */
export async function bundle(name: string, out: string): Promise<Built> {
  const folder = join(out, name);
  const outfile = join(folder, 'main.cjs');
  await build({ ...NODE_BUNDLE, entryPoints: [join(ROOT, 'functions', name, 'main.ts')], outfile });
  await copyNativeModules(folder);
  if (name === 'docs') await copyAssets(folder);
  if (name === 'console') await buildConsoleApp(join(folder, 'app'));
  return { name, size: (await stat(outfile)).size };
}

/** Native modules are loaded as packages beside the bundle: copies those of the installed platforms. */
async function copyNativeModules(folder: string): Promise<void> {
  for (const file of globSync('node_modules/@node-rs/crc32-*/{package.json,*.node}', { cwd: ROOT })) {
    const target = join(folder, file);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(ROOT, file), target);
  }
}

/** Copies the docs function's static files, and those of its renderer, to where the bundle looks for them. */
async function copyAssets(folder: string): Promise<void> {
  const renderer = ['package.json', 'LICENSE', 'NOTICE', 'swagger-ui.css', 'swagger-ui-bundle.js'];
  await cp(join(ROOT, 'functions/docs/assets'), join(folder, 'assets'), { recursive: true });
  for (const file of renderer) {
    const path = join('node_modules/swagger-ui-dist', file);
    await cp(join(ROOT, path), join(folder, path));
  }
}
