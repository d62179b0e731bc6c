import { describe, expect, it } from 'vitest';
import { isFault } from '#shared/model/errors.ts';
import { createBoundedSigner } from '#shared/signing/bounded.ts';

/** A KMS with a number of cores, each of which signs one digest in a fixed time, on a clock of its own. */
function slowKms(cores: number, milliseconds: number) {
  let now = 0;
  const waiting: (() => void)[] = [];
  let most = 0;
  let made = 0;
  return {
    clock: { now: () => now },
    signer: {
      sign: () => {
        const signed = new Promise<Uint8Array>((resolve) => waiting.push(() => resolve(Buffer.alloc(1))));
        most = Math.max(most, waiting.length);
        return signed;
      },
    },
    /** Signs until nobody waits. */
    async run() {
      while (waiting.length > 0) {
        now += milliseconds;
        for (const finish of waiting.splice(0, cores)) {
          made += 1;
          finish();
        }
        for (let i = 0; i < 10; i += 1) await Promise.resolve();
      }
    },
    advance: (by: number) => (now += by),
    most: () => most,
    made: () => made,
  };
}

const DIGEST = Buffer.alloc(32);

describe.each([5, 30, 300])('signatures of %d ms', (milliseconds) => {
  it.each([1_000, 3_000])(
    'are made for %d at once, or their callers told when to come back, and none for nothing',
    async (crowd) => {
      const kms = slowKms(2, milliseconds);
      const signer = createBoundedSigner({
        signer: kms.signer,
        clock: kms.clock,
        limits: { inFlight: 16, longestWait: 5_000 },
      });
      const attempts = { count: 0 };
      let left = crowd;
      while (left > 0) {
        const outcomes = Array.from({ length: left }, () =>
          signer.sign('key.1', DIGEST).then(
            () => undefined,
            (error) => (isFault(error, 'signing_unavailable') ? Number(error.retryAfter) : Promise.reject(error)),
          ),
        );
        attempts.count += left;
        await Promise.resolve();
        await kms.run();
        const told = (await Promise.all(outcomes)).filter((seconds) => seconds !== undefined);
        for (const seconds of told) expect(seconds).toBeGreaterThanOrEqual(1);
        expect(told.length).toBeLessThan(left);
        left = told.length;
        if (left > 0) kms.advance(Math.min(...told.map(Number)) * 1000);
      }
      expect(kms.made()).toBe(crowd);
      expect(kms.most()).toBeLessThanOrEqual(16);
    },
  );
});

describe('a bounded signer', () => {
  it('gives the place of a call that failed to the next one', async () => {
    const clock = { now: () => 0 };
    let calls = 0;
    const signer = createBoundedSigner({
      clock,
      limits: { inFlight: 1, longestWait: 5_000 },
      signer: {
        sign: async () => {
          calls += 1;
          if (calls === 1) throw new Error('down');
          return Buffer.alloc(1);
        },
      },
    });
    const [first, second] = await Promise.allSettled([signer.sign('key.1', DIGEST), signer.sign('key.1', DIGEST)]);
    expect([first.status, second.status, calls]).toEqual(['rejected', 'fulfilled', 2]);
  });
});
