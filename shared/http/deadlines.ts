/** Something that must be done by a time. */
export interface Deadline {
  /** It is done. */
  cancel(): void;
}

/** Milliseconds between two looks: a deadline is noticed at most so much later. */
const INTERVAL = 50;

interface Open {
  readonly at: number;
  readonly missed: () => void;
}

/**
 * Deadlines that are hardly ever missed, with one timer for all that are open. A timer for each costs more than
 * reading a small body does.
 */
export function createDeadlines(now: () => number = () => performance.now()): {
  /** @param milliseconds from now; `missed` is called once, unless the deadline is cancelled before */
  set(milliseconds: number, missed: () => void): Deadline;
} {
  const open = new Set<Open>();
  let isLooking = false;

  function look(): void {
    isLooking = false;
    const time = now();
    for (const one of open) {
      if (one.at > time) continue;
      open.delete(one);
      one.missed();
    }
    if (open.size > 0) lookLater();
  }

  function lookLater(): void {
    isLooking = true;
    setTimeout(look, INTERVAL);
  }

  return {
    set(milliseconds, missed) {
      const one = { at: now() + milliseconds, missed };
      open.add(one);
      if (!isLooking) lookLater();
      return { cancel: () => open.delete(one) };
    },
  };
}
