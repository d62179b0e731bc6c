import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../sources.ts';
import { NODE_BUNDLE } from './bundle.ts';

/** Its name, and where programs beside the worker's own look for it. */
export const WORKER_PACKAGE = join('node_modules', '@countersign', 'task-worker');

/** Makes the package that workers in TypeScript import, in `folder`: the worker's image has it in /app. */
export async function buildWorkerPackage(folder: string): Promise<void> {
  const source = join(ROOT, 'functions', 'task-worker', 'package');
  await mkdir(folder, { recursive: true });
  await build({ ...NODE_BUNDLE, entryPoints: [join(source, 'main.ts')], outfile: join(folder, 'index.cjs') });
  for (const file of ['package.json', 'index.d.ts']) await cp(join(source, file), join(folder, file));
}
