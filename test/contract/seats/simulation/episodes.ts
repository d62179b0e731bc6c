import fc from 'fast-check';
import { type Operation, SCENARIOS, type Scenario, type Sequence, type Step } from '../operations.ts';
import { createRandom } from '../random.ts';

export const INSTANCES = 4;

/** Differences of clocks stay below the slack of a second. */
const SKEWS = [
  [0, 0, 0, 0],
  [0, 450, -450, 200],
  [-200, 700, 0, 300],
] as const;

const SCENARIOS_AN_EPISODE = 12;
const WAITING_SHARE = 0.5;
const ABORTED_SHARE = 0.1;
const KILLED_SHARE = 0.15;
/** A request makes about ten calls; some are killed or left before, some after. */
const MAX_CALLS = 14;

const scenario = fc.constantFrom(...(Object.keys(SCENARIOS) as Scenario[])).chain((name) => SCENARIOS[name]);

const terms = fc.record({
  queue: fc.constantFrom(null, { max_length: 100 }),
  hold_seconds: fc.constantFrom(null, null, 100),
  machines_per_day: fc.constantFrom(null, null, null, 5),
  grace_seconds: fc.constantFrom(null, null, 600),
});

/** A licence with any of the terms, most with borrowing, which excludes seats that are kept until the last copy ends. */
const sequences: fc.Arbitrary<Sequence> = fc
  .record({
    seats: fc.integer({ min: 1, max: 5 }),
    seed: fc.nat(),
    borrow: fc.constantFrom(0, 1, 2, 3),
    faults: fc.constantFrom(0, 10, 25),
    skews: fc.constantFrom(...SKEWS),
    release: fc.constantFrom('at_once' as const, 'after_copy' as const),
    terms,
    steps: fc
      .array(scenario, { minLength: SCENARIOS_AN_EPISODE, maxLength: SCENARIOS_AN_EPISODE })
      .map((parts) => parts.flat()),
  })
  .map((drawn) => ({ ...drawn, release: drawn.borrow > 0 ? 'at_once' : drawn.release, isRestless: true }));

/**
 * One episode of the simulation: a licence of its own, from its creation until its last seat is free again.
 * @param seed the simulation's
 * @param number of the episode; the same two numbers are the same episode
 */
export function episode(seed: number, number: number): Sequence {
  const [drawn] = fc.sample(sequences, { seed: seed + number * 7_919, numRuns: 1 });
  if (drawn === undefined) throw new TypeError('a sample has one element');
  const random = createRandom(drawn.seed);
  return { ...drawn, steps: drawn.steps.map((step) => disturbed(step, drawn, random)) };
}

/** Spreads the requests over all instances, lets some callers wait or disconnect, and kills an instance now and then. */
function disturbed(step: Step, { terms: { queue } = {} }: Sequence, random: () => number): Step {
  if (step.kind !== 'together') return step;
  const below = (limit: number) => Math.floor(random() * limit);
  const first = below(INSTANCES);
  const operations = step.operations.map((operation): Operation => {
    const moved = { ...operation, at: (operation.at + first) % INSTANCES };
    if (moved.kind !== 'acquire' && moved.kind !== 'borrow') return moved;
    const waits = queue !== null && queue !== undefined && random() < WAITING_SHARE;
    return { ...moved, waits, aborts: random() < ABORTED_SHARE ? 1 + below(MAX_CALLS) : undefined };
  });
  if (random() >= KILLED_SHARE) return { ...step, operations };
  const kill: Operation = { kind: 'kill', at: below(INSTANCES), after: 1 + below(MAX_CALLS * operations.length) };
  return { ...step, operations: [...operations, kill] };
}
