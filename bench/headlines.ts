/**
 * Every headline before and after: this tree and an earlier commit of the project play the same scenarios in turns (A B,
 * then B A), so that noise hits both, beside what neither of them is. The earlier commit is taken out of Git with its own
 * packages and bundles, which needs npm's registry once; without it, or in a shallow clone, the table has "after" alone.
 *
 *     npm run bench headlines [rounds [commit]]
 *
 * Both sides use the same Firestore, Google's emulator or the embedded stand-in where that is not installed, and a local
 * KMS of their own. A scenario that fails on a side is named, and has no figure of that side from then on.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { built } from './built.ts';
import { earlierTree } from './headlines/earlier-tree.ts';
import { MACHINES, startBare } from './headlines/requests.ts';
import { type Column, createSamples } from './headlines/samples.ts';
import { measurements } from './headlines/scenarios.ts';
import { type Side, startSide } from './headlines/side.ts';
import { createReport } from './report.ts';
import { startEmbedded, startEmulator } from './seats/firestore-servers.ts';
import { startPostgres } from './seats/postgres.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
/** The last commit of the first edition: before the embedded Firestore, the console, borrowing, queues and webhooks. */
const BEFORE = process.argv[3] ?? 'a966435';
const ROOT = join(import.meta.dirname, '..');
const DIRECTORY = join(ROOT, '.local', 'bench');

const report = createReport('headlines');
process.env['METADATA_SERVER_DETECTION'] = 'none';
await mkdir(DIRECTORY, { recursive: true });
await built();
const earlier = await earlierTree(BEFORE);
const [emulator, embedded, postgres] = await Promise.all([startEmulator(), startEmbedded(), startPostgres()]);
const { name, host } = emulator ?? embedded;
const sides: (readonly [Column, Side])[] = [];
const closing: (() => Promise<unknown>)[] = [];
try {
  for (const [column, tree] of [['before', earlier] as const, ['after', ROOT] as const]) {
    if (tree === undefined) continue;
    const side = await startSide(tree, join(DIRECTORY, column), host, 2 * MACHINES);
    closing.push(side.close);
    sides.push([column, side]);
  }
  const [, after] = sides.at(-1) ?? [];
  if (after === undefined) throw new Error('this tree does not run');
  const bare = await startBare(after, DIRECTORY);
  closing.push(bare.stop);
  const all = (samples = createSamples()) => ({ samples, list: measurements({ samples, bare, postgres }) });

  const failed = new Set<string>();
  const attempt = async (what: string, measure: () => Promise<void>) => {
    if (failed.has(what)) return;
    await measure().catch((error: unknown) => {
      failed.add(what);
      console.error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  async function play(round: number, { list }: ReturnType<typeof all>): Promise<void> {
    for (const measurement of list) {
      console.log(`  ${measurement.name}`);
      if (measurement.baseline) await attempt(`baseline of ${measurement.name}`, measurement.baseline);
      for (const [column, side] of round % 2 === 0 ? sides : sides.toReversed())
        await attempt(`${measurement.name}, ${column}`, () => measurement.side(side, column));
    }
  }

  console.log(`on ${name}`);
  await play(0, all()); // unmeasured: code is compiled while it runs
  const counted = all();
  for (let round = 0; round < ROUNDS; round += 1) {
    console.log(`round ${round + 1} of ${ROUNDS}`);
    await play(round, counted);
  }
  report.table(
    `Before is commit ${earlier === undefined ? `${BEFORE}, which could not be had here` : BEFORE}; medians of ${ROUNDS} rounds on ${name}; "better by" is above 1 where this tree is better, with the least and the most of any round`,
    counted.samples.rows(),
  );
  for (const what of failed) console.log(`failed: ${what}`);
  report.finish();
} finally {
  for (const close of closing.reverse()) await close();
  await Promise.all([emulator?.close(), embedded.close(), postgres?.close()]);
}
process.exit();
