import { describe, expect, it } from 'vitest';
import { isFault } from '#shared/model/errors.ts';
import { silentLogger } from '#shared/model/logger.ts';
import type { SigningBudget } from '#shared/signing/budget.ts';
import { createTurns } from '#shared/signing/turns.ts';
import { createVirtualTime, type VirtualTime } from '../../virtual-time.ts';

/** A KMS that needs a time for each signature, and makes so many at once: the others wait inside it. */
function slowKms({ clock, pause }: VirtualTime, cores: number, milliseconds: number) {
  const free = Array.from({ length: cores }, () => clock.now());
  let [made, running, most] = [0, 0, 0];
  return {
    made: () => made,
    most: () => most,
    async sign() {
      running += 1;
      most = Math.max(most, running);
      const core = free.indexOf(Math.min(...free));
      const end = Math.max(free[core] ?? 0, clock.now()) + milliseconds;
      free[core] = end;
      await pause(end - clock.now());
      made += 1;
      running -= 1;
    },
  };
}

const owner = (tenant: string) => ({ tenant, license: 'l' });

/** Comes again when it is told to. @returns how often it was sent away */
async function untilSigned(time: VirtualTime, sign: () => Promise<unknown>): Promise<number> {
  for (let sentAway = 0; ; sentAway += 1) {
    const retryAfter = await sign().then(
      () => undefined,
      (error) => (isFault(error, 'signing_unavailable') ? Number(error.retryAfter) : Promise.reject(error)),
    );
    if (retryAfter === undefined) return sentAway;
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    await time.pause(retryAfter * 1000);
  }
}

describe.each([
  { kms: 'that computes on two cores', cores: 2 },
  { kms: 'far away', cores: 1_000 },
])('a KMS $kms', ({ cores }) => {
  describe.each([5, 30, 300])('with signatures of %d ms', (milliseconds) => {
    it.each([1_000, 3_000])('signs for %d at once, who are served or told when to come back', async (crowd) => {
      const time = createVirtualTime();
      const kms = slowKms(time, cores, milliseconds);
      const turns = createTurns({ clock: time.clock, log: silentLogger, pause: time.pause });
      const start = time.clock.now();
      const all = Array.from({ length: crowd }, () => untilSigned(time, () => turns.single(owner('t'), kms.sign)));
      const sentAway = await time.run(Promise.all(all));
      expect(kms.made()).toBe(crowd);
      expect(kms.most()).toBeLessThanOrEqual(512);
      expect(Math.max(...sentAway)).toBeLessThanOrEqual(25);
      // In simulated time: what the signatures alone need, with 512 of them under way.
      const alone = (crowd * milliseconds) / Math.min(cores, 512);
      const learning = 8 * milliseconds;
      expect(time.clock.now() - start).toBeLessThanOrEqual(1.2 * alone + learning + 1_000);
    });
  });
});

describe('turns', () => {
  it('gives the place of a call that failed to the next one', async () => {
    const time = createVirtualTime();
    const turns = createTurns({ clock: time.clock, log: silentLogger });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        turns.single(owner('t'), async () => {
          if (index % 2 === 0) throw new Error('down');
          return index;
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
  });

  it("lets one tenant's crowd wait for itself, not others for it", async () => {
    const time = createVirtualTime();
    const kms = slowKms(time, 2, 300);
    const turns = createTurns({ clock: time.clock, log: silentLogger, pause: time.pause });
    const crowd = Array.from({ length: 2_000 }, () =>
      turns.single(owner('crowd'), kms.sign).then(
        () => 'signed',
        () => 'sent away',
      ),
    );
    const others = Array.from({ length: 5 }, (_, index) => turns.single(owner(`other ${index}`), kms.sign));
    await time.run(Promise.all(others));
    expect(kms.made()).toBeLessThan(50);
    const outcomes = await time.run(Promise.all(crowd));
    expect(outcomes).toContain('sent away');
  });

  it('puts batches before calls for one, and leaves these every fourth turn', async () => {
    const time = createVirtualTime();
    let due = 0;
    const budget: SigningBudget = {
      take: async () => Math.max(0, due - time.clock.now()),
      waitFor: (number) => number * 280,
    };
    const order: string[] = [];
    const turns = createTurns({ clock: time.clock, log: silentLogger, pause: time.pause, budget });
    const call = (name: string) => async () => {
      order.push(name);
      due = time.clock.now() + 280;
    };
    due = time.clock.now() + 280;
    const all = [
      ...Array.from({ length: 3 }, () => turns.single(owner('t'), call('one'))),
      ...Array.from({ length: 6 }, () => turns.batch(call('batch'))),
    ];
    await time.run(Promise.all(all));
    expect(order).toEqual(['batch', 'batch', 'batch', 'one', 'batch', 'batch', 'batch', 'one', 'one']);
  });

  it('sends each away to another time', async () => {
    const time = createVirtualTime();
    const budget: SigningBudget = { take: async () => 280, waitFor: (number) => number * 280 };
    const turns = createTurns({ clock: time.clock, log: silentLogger, pause: time.pause, budget });
    const outcomes: number[] = [];
    for (let i = 0; i < 50; i += 1) {
      turns.single(owner('t'), async () => undefined).catch(({ retryAfter }) => outcomes.push(retryAfter));
      await Promise.resolve();
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcomes).toHaveLength(33);
    expect(outcomes.at(0)).toBe(1);
    expect(outcomes.at(-1)).toBeGreaterThanOrEqual(9);
    expect(outcomes).toEqual(outcomes.toSorted((a, b) => a - b));
    expect(() => turns.requireBatchInTime(0)).not.toThrow();
  });
});
