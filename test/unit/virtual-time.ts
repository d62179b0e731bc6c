import type { Clock } from '#shared/model/clock.ts';

/** Time that passes only while a test lets it: from one pause to the next. */
export interface VirtualTime {
  readonly clock: Clock;
  /** Resolves when so many milliseconds of this time have passed. */
  pause(milliseconds: number): Promise<void>;
  /** Lets time pass until the work is done, or until nobody pauses. @returns what the work returns */
  run<T>(work: Promise<T>): Promise<T>;
}

export function createVirtualTime(start = Date.UTC(2026, 0, 31)): VirtualTime {
  let now = start;
  const pauses = new Map<number, (() => void)[]>();
  const times: number[] = []; // sorted, the next one last

  function wakeNext(): void {
    const at = times.pop();
    if (at === undefined) throw new Error('everybody waits for something that never comes');
    now = at;
    const wake = pauses.get(at) ?? [];
    pauses.delete(at);
    for (const resolve of wake) resolve();
  }

  return {
    clock: { now: () => now },
    pause: (milliseconds) =>
      new Promise((resolve) => {
        const at = now + Math.max(0, milliseconds);
        const others = pauses.get(at);
        if (others === undefined) {
          pauses.set(at, [resolve]);
          const place = times.findLastIndex((time) => time > at) + 1;
          times.splice(place, 0, at);
        } else {
          others.push(resolve);
        }
      }),
    async run(work) {
      const outcome = work.then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      const done = Symbol('done');
      for (;;) {
        const first = await Promise.race([outcome, new Promise((resolve) => setImmediate(resolve, done))]);
        if (first !== done) break;
        wakeNext();
      }
      const result = await outcome;
      if ('error' in result) throw result.error;
      return result.value;
    },
  };
}
