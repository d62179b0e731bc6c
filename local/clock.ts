import type { Clock } from '#shared/model/clock.ts';

/** Real time plus an offset that tests move forward. The functions and the stand-ins share one. */
export interface MovableClock extends Clock {
  advance(seconds: number): void;
}

export function createMovableClock(): MovableClock {
  let offset = 0;
  return {
    now: () => Date.now() + offset,
    advance(seconds) {
      offset += Math.round(seconds * 1000); // the domain counts in whole milliseconds
    },
  };
}
