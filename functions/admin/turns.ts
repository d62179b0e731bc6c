/** Work that takes turns: what is asked for under one key runs one after the other, in the order in which it came. */
export type Turns = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/**
 * For acts that change one document, of which only one can win at a time: in one instance they wait for each other
 * instead of racing. Instances still race; the preconditions of their commits decide between them.
 */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
