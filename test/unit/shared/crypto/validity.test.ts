import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readValidity } from '#shared/crypto/validity.ts';
import { formatTime, parseTime } from '#shared/license-format/time.ts';

const times = fc.integer({ min: Date.UTC(1900, 0), max: Date.UTC(9999, 11, 31) });

/** Our own spelling of times takes another way through the code; it must lead to the same time, or to the same refusal. */
describe('readValidity reads times as parseTime does', () => {
  it('of any moment', () => {
    fc.assert(
      fc.property(times, (time) => {
        const text = formatTime(time);
        expect(readValidity({ valid_until: text })?.until).toBe(parseTime(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('with any digit changed', () => {
    fc.assert(
      fc.property(times, fc.nat(23), fc.constantFrom(...'0123456789:-.TZ '), (time, at, other) => {
        const right = formatTime(time).slice(-24);
        const text = right.slice(0, at) + other + right.slice(at + 1);
        expect(readValidity({ valid_until: text })?.until).toBe(parseTime(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    '2026-02-29T00:00:00.000Z',
    '2026-06-10T24:00:00.000Z',
    '2026-06-10T00:60:00.000Z',
    '2026-00-10T00:00:00.000Z',
  ])('%s is none', (text) => {
    expect(readValidity({ expires_at: text })).toBeUndefined();
  });
});
