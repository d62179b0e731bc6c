import { expect, test } from 'vitest';
import { openDatabase } from '../database.ts';
import { EMULATOR } from '../firestores.ts';
import { PLANTED_BUGS } from '../planted-bugs.ts';
import { INSTANCES } from './episodes.ts';
import { openInProcess } from './in-process.ts';
import { simulate } from './simulate.ts';

/** A minute of `npm run simulate` is worth more; this shows that it runs, and that it finds what is wrong. */
const OPERATIONS = Number(process.env['SIMULATED_OPERATIONS'] ?? 1_500);
const WORKERS = 4;

const SIMULATION = {
  from: 0,
  operations: OPERATIONS,
  workers: WORKERS,
  open: () => openInProcess(INSTANCES),
  episodesADatabase: 50,
};

test(`${OPERATIONS} operations of the simulation: nothing is oversold, lost or revived`, {
  timeout: 400_000,
}, async () => {
  const seed = Math.floor(Math.random() * 2 ** 30);
  const { violations, operations, killed, disconnected } = await simulate({ ...SIMULATION, seed });
  expect(violations, `seed ${seed}`).toEqual([]);
  expect(operations).toBeGreaterThanOrEqual(OPERATIONS);
  expect(Math.min(killed, disconnected)).toBeGreaterThan(0);
});

test.skipIf(!EMULATOR.present)(`the same on ${EMULATOR.name}`, { timeout: 400_000 }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 30);
  const open = () => openDatabase(EMULATOR.start, INSTANCES);
  const { violations } = await simulate({
    ...SIMULATION,
    seed,
    open,
    operations: OPERATIONS / 10,
    episodesADatabase: 5,
  });
  expect(violations, `seed ${seed}`).toEqual([]);
});

test('an episode is the same whenever it is played', { timeout: 400_000 }, async () => {
  const [bug] = PLANTED_BUGS;
  if (bug === undefined) throw new TypeError('there are planted bugs');
  const broken = { ...SIMULATION, seed: 1, operations: Number.POSITIVE_INFINITY, workers: 1, decorate: bug.decorate };
  const [first] = (await simulate(broken)).violations;
  if (first === undefined) throw new TypeError('a simulation that goes on for ever has found something');
  expect(first.broken).toEqual(expect.arrayContaining([expect.stringMatching(bug.breaks)]));
  const [again] = (await simulate({ ...broken, from: first.episode, operations: 1 })).violations;
  // Sessions are looked at in the order of their ids, which are random.
  expect([...(again?.broken ?? [])].sort()).toEqual([...first.broken].sort());
});
