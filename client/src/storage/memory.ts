import type { Storage } from './storage.ts';

/** Forgets everything with the process. */
export function memoryStorage(): Storage {
  const texts = new Map<string, string>();
  return {
    get: async (name) => texts.get(name),
    set: async (name, text) => {
      texts.set(name, text);
    },
    delete: async (name) => {
      texts.delete(name);
    },
  };
}
