/**
 * The system tests on the embedded Firestore and on Google's emulator, in turns: wall time, and processor time of all
 * processes, the emulator's Java machine and its start included. Exits with 1 when the embedded one is not twice as fast, or
 * a test fails.
 *
 *     npm run bench stores [rounds [test file ...]]      all system tests of `npm test` when none is named
 *
 * It needs a POSIX shell, whose `times` says what the processes took that it has waited for.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createReport } from './report.ts';

const ROOT = join(import.meta.dirname, '..');
const [rounds = '1', ...FILES] = process.argv.slice(2);
const ROUNDS = Number(rounds);
const TARGET = 2;
/** Characters of what a run prints: kept of it, and told of one that failed. */
const OUTPUT_KEPT = 64 * 1024 * 1024;
const OUTPUT_TOLD = 8_192;

const STORES = ['embedded', 'emulator'] as const;
type Store = (typeof STORES)[number];

interface Run {
  readonly wall: number;
  /** User and system, in seconds. */
  readonly cpu: number;
  readonly tests: string;
}

function run(store: Store): Run {
  const { FIRESTORE_EMULATOR_HOST: _, ...env } = process.env;
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const start = performance.now();
  const { stdout, stderr, status } = spawnSync(
    'sh',
    ['-c', '"$@"; status=$?; times; exit $status', 'sh', process.execPath, vitest, 'run', '--project=system', ...FILES],
    { cwd: ROOT, env: { ...env, FIRESTORE: store, NO_COLOR: '1' }, encoding: 'utf8', maxBuffer: OUTPUT_KEPT },
  );
  const wall = (performance.now() - start) / 1_000;
  if (status !== 0) throw new Error(`the tests failed on the ${store} store:\n${stderr.slice(-OUTPUT_TOLD)}`);
  return { wall, cpu: cpuOf(stdout), tests: /Tests\s+(.+)/.exec(stdout)?.[1] ?? '' };
}

/** The second line of `times`: what the shell's children took, as `0m49.01s 0m12.14s`. */
function cpuOf(output: string): number {
  const times = [...(output.trimEnd().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) throw new Error('the shell did not say what its processes took');
  return times.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const round = (value: number) => Number(value.toFixed(2));

if (!existsSync('/bin/sh')) throw new Error('this benchmark needs a POSIX shell');
const report = createReport('stores');
const runs: Record<Store, Run[]> = { embedded: [], emulator: [] };
for (let turn = 0; turn < ROUNDS; turn += 1) {
  for (const store of turn % 2 === 0 ? STORES : STORES.toReversed()) {
    const done = run(store);
    runs[store].push(done);
    console.log(`${store}: ${done.wall.toFixed(1)} s, ${done.cpu.toFixed(1)} s of processor time, ${done.tests}`);
  }
}
const of = (store: Store, what: 'wall' | 'cpu') => median(runs[store].map((one) => one[what]));
const ratio = (what: 'wall' | 'cpu') => round(of('emulator', what) / of('embedded', what));
report.table(`System tests on either store, in turns; medians of ${ROUNDS}`, [
  ...STORES.map((store) => ({
    store,
    'wall, s': round(of(store, 'wall')),
    'processor time, s': round(of(store, 'cpu')),
    tests: runs[store][0]?.tests,
  })),
  { store: 'emulator / embedded', 'wall, s': ratio('wall'), 'processor time, s': ratio('cpu'), tests: '' },
]);
report.finish();
if (ratio('wall') < TARGET) {
  console.error(`the embedded store is not ${TARGET} times as fast`);
  process.exitCode = 1;
}
