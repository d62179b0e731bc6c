/** A mutex for each key, first come, first served. */
export interface KeyedMutex {
  /**
   * Runs `work` once all earlier work with the same key has finished, successfully or not.
   * @returns what `work` returns
   * @throws what `work` throws; the work that waits behind it runs all the same
   */
  runExclusive<T>(key: string, work: () => Promise<T>): Promise<T>;
}

/**
 * Serialises writes to one document within an instance, where only one of several concurrent writes could win. Other
 * instances still race; the preconditions of their commits decide between them.
 */
export function createKeyedMutex(): KeyedMutex {
  const last = new Map<string, Promise<unknown>>();
  return {
    async runExclusive(key, work) {
      const before = last.get(key) ?? Promise.resolve();
      const mine = before.then(work, work);
      last.set(key, mine);
      try {
        return await mine;
      } finally {
        if (last.get(key) === mine) last.delete(key);
      }
    },
  };
}
