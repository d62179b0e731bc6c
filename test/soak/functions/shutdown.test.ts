import { afterAll, beforeAll, expect, test } from 'vitest';
import { shutDownUnderLoad } from '../../system/shutdown-round.ts';
import { type RunningSuite, startSuite } from '../../system/suite.ts';

const ROUNDS = 20;

let suite: RunningSuite;
beforeAll(async () => {
  suite = await startSuite();
});
afterAll(() => suite.close());

test('twenty times: SIGTERM under 200 acquires in flight cuts none, and the process ends with 0 in time', async () => {
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const result = await shutDownUnderLoad(suite);
    expect({ answered: result.answered, exit: result.exit }).toEqual({ answered: { 201: 200 }, exit: 0 });
    took.push(Math.round(result.took));
  }
  process.stdout.write(`SIGTERM, ${ROUNDS} rounds of 200: none cut, exit 0; milliseconds: ${took.join(' ')}\n`);
}, 600_000);
