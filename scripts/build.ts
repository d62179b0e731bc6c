import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { overBudget } from './build/budgets.ts';
import { bundle, bundleNames } from './build/bundle.ts';
import { buildWorkerPackage, WORKER_PACKAGE } from './build/worker-package.ts';
import { buildClient } from './build-client.ts';
import { ROOT } from './sources.ts';

/**
 * `npm run build`: one self-contained folder a function in dist/, and dist/manifest.json with their sizes. Fails when
 * a bundle has outgrown its budget.
 */
const OUT = join(ROOT, 'dist');

await rm(OUT, { recursive: true, force: true });
const built = await Promise.all(bundleNames().map((name) => bundle(name, OUT)));
await buildWorkerPackage(join(OUT, 'task-worker', WORKER_PACKAGE));
await buildClient(join(OUT, 'client'));
await writeFile(join(OUT, 'manifest.json'), `${JSON.stringify(built, null, 2)}\n`);
for (const { name, size } of built)
  process.stdout.write(`${name.padEnd(18)} ${(size / 1024).toFixed(0).padStart(6)} KiB\n`);
const faults = overBudget(built);
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exitCode = 1;
