import type { Clock } from '../model/clock.ts';

/** Places for calls to KMS: how many may be under way at once, and how fast they are served. */
export interface InFlight {
  /** Whether a call may begin now. */
  hasPlace(): boolean;
  /** Runs a call in a place of its own; there must be one. */
  run<T>(call: () => Promise<T>): Promise<T>;
  /** Milliseconds between two calls that end, when all places are taken. */
  interval(): number;
}

export interface InFlightOptions {
  readonly clock: Clock;
  /** Whether others wait for a place. */
  readonly isWanted: () => boolean;
  /** Told when a place is free again. */
  readonly onFree: () => void;
}

/**
 * At 30 ms a signature, 32 places are a thousand signatures a second, which is KMS's quota for software keys. Where calls
 * take longer because the way is long, more of them help; where they take longer because KMS has too many, they do not.
 */
const PLACES = { first: 32, most: 512 };
/** Calls that take less than this many times the shortest one do not wait for each other. */
const UNHINDERED = 2;
/** The weight of the latest call in the average, and that of a longer one in what counts as the shortest. */
const LATEST = { average: 0.2, shortest: 0.01 };
/** Milliseconds that a call is taken to need before one has ended, and at most: a clock may jump. */
const GUESS = { first: 50, longest: 30_000 };

/** The number of places grows while others wait for one and the calls are no slower for it, and shrinks when they are. */
export function createInFlight({ clock, isWanted, onFree }: InFlightOptions): InFlight {
  let places = PLACES.first;
  let running = 0;
  let average = GUESS.first;
  let shortest = Number.POSITIVE_INFINITY;

  function learn(took: number): void {
    average += LATEST.average * (took - average);
    shortest = took < shortest ? took : shortest + LATEST.shortest * (took - shortest);
    if (took > UNHINDERED * shortest) places = Math.max(PLACES.first, places - 1);
    else if (isWanted()) places = Math.min(PLACES.most, places + 1);
  }

  return {
    hasPlace: () => running < places,
    interval: () => average / places,
    async run(call) {
      running += 1;
      const begun = clock.now();
      try {
        return await call();
      } finally {
        learn(Math.min(GUESS.longest, Math.max(0, clock.now() - begun)));
        running -= 1;
        onFree();
      }
    },
  };
}
