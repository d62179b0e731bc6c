import { afterAll, beforeAll, expect, test } from 'vitest';
import { IN_FLIGHT, shutDownUnderLoad } from '../../system/shutdown-round.ts';
import { type RunningSuite, startSuite } from '../../system/suite.ts';

/** A round waits seven seconds for a client that never sends the rest of its body. SHUTDOWN_ROUNDS=20 plays more of them. */
const ROUNDS = Number(process.env['SHUTDOWN_ROUNDS'] ?? 6);

let suite: RunningSuite;
beforeAll(async () => {
  suite = await startSuite();
});
afterAll(() => suite.close());

test(`${ROUNDS} times: SIGTERM under 200 acquires in flight cuts none, and the process ends with 0 in time`, async () => {
  const took: number[] = [];
  let deferrals = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { granted, deferred, exit, took: milliseconds } = await shutDownUnderLoad(suite);
    expect({ answered: granted + deferred, exit }).toEqual({ answered: IN_FLIGHT, exit: 0 });
    expect(granted).toBeGreaterThan(0);
    took.push(Math.round(milliseconds));
    deferrals += deferred;
  }
  process.stdout.write(
    `SIGTERM, ${ROUNDS} rounds of 200: none cut, exit 0, ${deferrals} answered 503; milliseconds: ${took.join(' ')}\n`,
  );
}, 600_000);
