/**
 * The simulation of the seat protocol (docs/seats.md), as long as wanted:
 *
 *     npm run simulate -- --operations 1000000 --seed 1
 *     npm run simulate -- --store emulator --operations 100000
 *     npm run simulate -- --seed 1 --from 4711 --operations 1      one episode again, with its history
 *
 * It prints where it is every ten seconds. A run that was interrupted is gone on with by `--from` and the number that it
 * printed last. Exit status 1: something was oversold, lost or revived.
 */
import { parseArgs } from 'node:util';
import { startFirestoreEmulator } from '#local/firestore/emulator.ts';
import { openDatabase, startEmulated } from '../database.ts';
import { INSTANCES } from './episodes.ts';
import { openInProcess } from './in-process.ts';
import { type Progress, simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 30)) },
    from: { type: 'string', default: '0' },
    workers: { type: 'string', default: '8' },
    store: { type: 'string', default: 'embedded' },
  },
});
if (values.store !== 'embedded' && values.store !== 'emulator') {
  console.error('--store is "embedded" or "emulator"');
  process.exit(2);
}
const [operations, seed, from, workers] = [values.operations, values.seed, values.from, values.workers].map(Number) as [
  number,
  number,
  number,
  number,
];

const emulator = values.store === 'emulator' ? await startFirestoreEmulator() : undefined;
const started = performance.now();
const describe = ({ violations, ...progress }: Progress) => {
  const seconds = (performance.now() - started) / 1000;
  const rate = Math.round(progress.operations / seconds);
  return JSON.stringify({
    store: values.store,
    seed,
    ...progress,
    seconds: Math.round(seconds),
    rate,
    violations: violations.length,
  });
};
let printed = started;
const result = await simulate({
  seed,
  from,
  operations,
  workers,
  open: () =>
    emulator === undefined
      ? openInProcess(INSTANCES)
      : openDatabase((recorder) => startEmulated(emulator.host, recorder), INSTANCES),
  episodesADatabase: emulator === undefined ? 50 : 5,
  onProgress: (progress) => {
    if (performance.now() - printed < 10_000) return;
    printed = performance.now();
    console.log(describe(progress));
  },
});
console.log(describe(result));
for (const { episode, broken, history } of result.violations) {
  console.log(
    `\nepisode ${episode} (--seed ${seed} --from ${episode} --operations 1)\n${history.join('\n')}\n${broken.join('\n')}`,
  );
}
await emulator?.close();
process.exit(result.violations.length === 0 ? 0 : 1);
