import type { Clock } from '#shared/model/clock.ts';

/** Real time plus an offset that tests move forward. The functions and the stand-ins share one. */
export interface MovableClock extends Clock {
  advance(seconds: number): void;
}

/**
 * @param offset milliseconds that it begins ahead of real time
 * @param onAdvance told how far it is ahead, whenever it has moved
 */
export function createMovableClock(offset = 0, onAdvance?: (offset: number) => void): MovableClock {
  let ahead = offset;
  return {
    now: () => Date.now() + ahead,
    advance(seconds) {
      ahead += Math.round(seconds * 1000); // the domain counts in whole milliseconds
      onAdvance?.(ahead);
    },
  };
}
