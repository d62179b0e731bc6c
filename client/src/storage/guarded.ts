import { memoryStorage } from './memory.ts';
import type { Storage } from './storage.ts';

/**
 * A storage that never fails: what cannot be kept in the place that was meant is kept in memory, until the program ends.
 * No home, a read-only or full disk, another user's directory and a storage of the program's own that throws cost the
 * offline start and nothing else.
 * @param open throws where there is no place at all
 * @param onFailure told of the first failure
 */
export function guardedStorage(open: () => Storage, onFailure: (cause: unknown) => void): Storage {
  const memory = memoryStorage();
  let told = false;
  function fail(cause: unknown): undefined {
    if (!told) onFailure(cause);
    told = true;
  }
  let place: Storage | undefined;
  try {
    place = open();
  } catch (cause) {
    fail(cause);
  }
  /** `async`, so that what throws before there is a promise is caught as well. */
  const attempt = async <T>(work: (storage: Storage) => Promise<T>): Promise<T | undefined> => {
    try {
      return place === undefined ? undefined : await work(place);
    } catch (cause) {
      return fail(cause);
    }
  };
  return {
    get: async (name) => (await attempt((storage) => storage.get(name))) ?? memory.get(name),
    async set(name, text) {
      await memory.set(name, text);
      await attempt((storage) => storage.set(name, text));
    },
    async delete(name) {
      await memory.delete(name);
      await attempt((storage) => storage.delete(name));
    },
  };
}
