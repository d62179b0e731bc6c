import { describe, expect, it } from 'vitest';
import { isFault } from '#shared/model/errors.ts';
import type { Logger } from '#shared/model/logger.ts';
import { createBudgetedSigner } from '#shared/signing/budget.ts';

const DIGEST = Buffer.alloc(32);

/** Time moves when it is told to; whoever pauses is noted and let go at once. */
function setUp(perMinute: number | undefined) {
  let now = Date.UTC(2026, 0, 31);
  const pauses: number[] = [];
  const events: unknown[] = [];
  const log: Logger = { log: (_severity, event, fields) => events.push({ event, ...fields }), with: () => log };
  let asked = 0;
  const signer = createBudgetedSigner({
    signer: {
      sign: async () => {
        asked += 1;
        return Buffer.alloc(1);
      },
    },
    perMinute,
    clock: { now: () => now },
    log,
    pause: async (milliseconds) => pauses.push(milliseconds),
  });
  const sign = () =>
    signer.sign('key.1', DIGEST).then(
      () => 'signed',
      (error) => (isFault(error, 'signing_unavailable') ? error.retryAfter : error),
    );
  const many = async (count: number) => {
    const outcomes: unknown[] = [];
    for (let i = 0; i < count; i += 1) outcomes.push(await sign());
    return outcomes;
  };
  return { many, pauses, events, asked: () => asked, advance: (by: number) => (now += by) };
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('createBudgetedSigner', () => {
  it('spends ten seconds of the budget at once, lets two more seconds wait their turn, and refuses the rest', async () => {
    const { many, pauses, asked } = setUp(60); // one a second
    expect(await many(15)).toEqual([...times(12, 'signed'), 3, 3, 3]);
    expect(pauses).toEqual([1_000, 2_000]);
    expect(asked()).toBe(12);
  });

  it('has a turn again as time passes, and no more than its burst however long that is', async () => {
    const { many, pauses, advance } = setUp(60);
    await many(12);
    advance(3_000);
    expect(await many(2)).toEqual(['signed', 'signed']);
    expect(pauses.slice(2)).toEqual([1_000]);
    advance(86_400_000);
    expect(await many(13)).toEqual([...times(12, 'signed'), 3]);
  });

  it('signs 214 times a minute and a burst of 35 at the most, when it is asked all the time', async () => {
    const { many, asked, advance } = setUp(214);
    for (let tenth = 0; tenth < 600; tenth += 1) {
      await many(5);
      advance(100);
    }
    // The last ones wait up to two seconds for turns that come after the minute.
    expect(asked()).toBeGreaterThan(214);
    expect(asked()).toBeLessThanOrEqual(35 + 214 + 8);
  });

  it('serves one at a time when the budget is smaller than one in ten seconds', async () => {
    const { many, advance } = setUp(2);
    expect(await many(2)).toEqual(['signed', 30]);
    advance(28_000);
    expect(await many(1)).toEqual(['signed']);
  });

  it('without a budget refuses nobody, and counts all the same', async () => {
    const { many, pauses, events } = setUp(undefined);
    expect(await many(1_000)).toEqual(times(1_000, 'signed'));
    expect(pauses).toEqual([]);
    expect(events).toHaveLength(1_000);
    expect(events[0]).toEqual({ event: 'kms_signature', key_version: 'key.1', wait_ms: 0, took_ms: 0 });
  });

  it('tells what waited and what was refused', async () => {
    const { many, events } = setUp(6);
    await many(2);
    expect(events).toEqual([
      { event: 'kms_signature', key_version: 'key.1', wait_ms: 0, took_ms: 0 },
      { event: 'kms_budget_spent', wait_ms: 10_000 },
    ]);
  });
});
