import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Call } from './trace-calls.ts';

/** Calls of functions/seats that come from another file; a call from the event loop continues what began before. */
async function entries(): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [`${import.meta.dirname}/acquire-walk.ts`]);
  const calls: Call[] = JSON.parse(stdout);
  const name = (url: string) => url.split('/').slice(-2).join('/');
  return calls.flatMap(({ file, from }) =>
    from === undefined || from === file ? [] : [`${name(from)} > ${name(file)}`],
  );
}

test('an acquire enters each file of seats once; acquire.ts once more, for the group that the request joins, seat-sources.ts once more, for the seat that it takes, and what is known of its key and its holder is asked and told', async () => {
  expect(await entries()).toEqual([
    'http/validate.ts > seats/handlers.ts',
    'seats/handlers.ts > seats/acquire.ts',
    'seats/acquire.ts > seats/lanes.ts',
    'seats/lanes.ts > seats/key-standing.ts',
    'concurrency/group-commit.ts > seats/acquire.ts',
    'seats/acquire.ts > seats/subjects.ts',
    'seats/acquire.ts > seats/attempt.ts',
    'seats/attempt.ts > seats/snapshot.ts',
    'seats/attempt.ts > seats/license-cache.ts',
    'seats/attempt.ts > seats/key-standing.ts',
    'seats/attempt.ts > seats/subjects.ts',
    'seats/attempt.ts > seats/terms-snapshot.ts',
    'seats/attempt.ts > seats/decide-group.ts',
    'seats/decide-group.ts > seats/plan.ts',
    'seats/plan.ts > seats/seat-sources.ts',
    'seats/plan.ts > seats/borrow.ts',
    'seats/plan.ts > seats/eligibility.ts',
    'seats/plan.ts > seats/subject.ts',
    'seats/plan.ts > seats/seat-sources.ts',
    'seats/plan.ts > seats/plan-claim.ts',
    'seats/plan-claim.ts > seats/lease.ts',
    'seats/plan-claim.ts > seats/client-fields.ts',
    'seats/attempt.ts > seats/sign-license.ts',
    'seats/attempt.ts > seats/claim-commit.ts',
    'seats/attempt.ts > seats/key-use.ts',
    'seats/sign-license.ts > seats/signature-cache.ts',
    'seats/signature-cache.ts > seats/signature-budget.ts',
    'seats/attempt.ts > seats/usage-recorder.ts',
    'seats/attempt.ts > seats/write-queue.ts',
  ]);
});
