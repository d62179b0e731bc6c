/**
 * Runs the benchmarks one after the other, each in a process of its own, or the one that is named:
 *
 *     npm run bench
 *     npm run bench seats
 *     npm run bench seats -- --write     and write its tables to docs/benchmarks.md
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const WRITE = '--write';
const NO_BENCHMARKS = ['run.ts', 'built.ts', 'report.ts', 'log-log-plot.ts'];

const names = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !NO_BENCHMARKS.includes(entry.name))
  .map((entry) => entry.name.slice(0, -'.ts'.length))
  .sort();

const [named, ...args] = process.argv.slice(2).filter((argument) => argument !== WRITE);
const env = process.argv.includes(WRITE) ? { ...process.env, BENCH_WRITE: 'yes' } : process.env;
if (named !== undefined && !names.includes(named)) {
  console.error(`There is no benchmark "${named}". There are: ${names.join(', ')}`);
  process.exit(2);
}
// One that fails does not keep the others from running.
const failed: string[] = [];
for (const name of named === undefined ? names : [named]) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...args], {
    stdio: 'inherit',
    env,
  });
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`failed or missed a target: ${failed.join(', ')}`);
  process.exitCode = 1;
}
