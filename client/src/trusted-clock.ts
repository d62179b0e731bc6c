import { CLOCK_TOLERANCE } from './license/times.ts';

/**
 * Time that does not run backwards because somebody turned the clock. Two things are trusted: `signed_at` of a licence
 * whose signature fits, which nobody on this machine can forge and below which time never goes, and `signed_at` of an
 * answer that repeats the nonce of its request, which is the present and also corrects a clock that was wrong. Dates that
 * are not signed are not believed. From the first licence that was accepted on, the largest of what the monotonic clock,
 * the time since boot and the wall clock have moved counts: the first two are not touched when somebody sets the clock,
 * and the last two go on while the machine sleeps.
 */
export interface TrustedClock {
  /** Milliseconds since the epoch, the best there is. */
  now(): number;
  /** Whether this machine's clock is behind a time that was seen, by more than the tolerance, and no server has said better. */
  turnedBack(): boolean;
  /** A licence with a good signature was signed at this time. */
  sawSigned(time: number): void;
  /** What the clocks show when a request is sent, for its answer. */
  asked(): readonly number[];
  /**
   * A licence with a good signature and the nonce of a request was signed at this time.
   * @param asked when the request was sent: an answer that was held up, or slept over, tells that time and not the present
   */
  sawAnswer(time: number, asked?: readonly number[]): void;
  /** A licence was found good by this clock: time does not go back in this run any more, unless an answer says so. */
  accepted(): void;
  /** The latest time that was seen, to be kept between runs; undefined before anything was. */
  latest(): number | undefined;
  /** A time that an earlier run saw. It is not signed: lowering it in the storage leads back to `signed_at`, no further. */
  remember(time: number): void;
}

export interface ClockSource {
  /** Milliseconds since the epoch, as this machine has them. */
  now(): number;
  /** Milliseconds that only ever grow, from any beginning. */
  monotonic(): number;
  /** As `monotonic`, and going on while the machine sleeps, where the platform has such a clock. */
  sinceBoot?(): number;
}

export const systemTime: ClockSource = { now: () => Date.now(), monotonic: () => performance.now() };

export function createTrustedClock(source: ClockSource = systemTime, tolerance = CLOCK_TOLERANCE): TrustedClock {
  let signed = Number.NEGATIVE_INFINITY;
  let seen = Number.NEGATIVE_INFINITY;
  let anchor: { readonly time: number; readonly clocks: readonly number[] } | undefined;

  const floor = () => Math.max(signed, seen);
  const clocks = () => [source.now(), source.monotonic(), source.sinceBoot?.() ?? 0];
  const estimate = () => {
    if (anchor === undefined) return source.now();
    const { time, clocks: then } = anchor;
    return time + Math.max(0, ...clocks().map((now, index) => now - (then[index] ?? now)));
  };

  return {
    now: () => Math.max(estimate(), floor()),
    turnedBack: () => anchor === undefined && source.now() < floor() - tolerance,
    sawSigned: (time) => {
      signed = Math.max(signed, time);
    },
    asked: clocks,
    sawAnswer: (time, asked = clocks()) => {
      // Not the larger of the two: a time that was wrong once must not last.
      signed = time;
      seen = time;
      anchor = { time, clocks: asked };
    },
    accepted: () => {
      anchor ??= { time: Math.max(source.now(), floor()), clocks: clocks() };
    },
    latest: () =>
      Number.isFinite(floor()) ? (anchor === undefined ? floor() : Math.max(estimate(), floor())) : undefined,
    remember: (time) => {
      if (Number.isFinite(time)) seen = Math.max(seen, time);
    },
  };
}
