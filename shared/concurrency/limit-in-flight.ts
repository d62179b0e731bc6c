import { Fault } from '../model/errors.ts';

export interface InFlightLimits {
  /** Maximum number of calls in flight. */
  readonly inFlight: number;
  /** Maximum number of calls that wait for a free place, first come, first served. */
  readonly waiting: number;
}

/**
 * Bounds the calls of an asynchronous function, so that a burst cannot pile up without end. A call that finds the
 * queue full fails at once instead of waiting in vain.
 * @param call the function to limit
 * @returns the same function, limited; it throws Fault `dependency_unavailable` when the queue is full
 */
export function limitInFlight<Argument, Result>(
  call: (argument: Argument) => Promise<Result>,
  limits: InFlightLimits,
): (argument: Argument) => Promise<Result> {
  let running = 0;
  const queue: (() => void)[] = [];

  const enter = (): Promise<void> | undefined => {
    if (running < limits.inFlight) {
      running += 1;
      return undefined;
    }
    if (queue.length >= limits.waiting) {
      throw new Fault('dependency_unavailable', 'Too many requests are waiting.', { retryAfter: 1 });
    }
    return new Promise((resolve) => queue.push(resolve));
  };
  // A finished call passes its place directly to the first in the queue, so that no new call can overtake it.
  const leave = () => {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  return async (argument) => {
    await enter();
    try {
      return await call(argument);
    } finally {
      leave();
    }
  };
}
