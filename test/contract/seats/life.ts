import type { DocumentStore } from '#shared/store/store.ts';

/** What an operation ends with whose instance was killed: its client hears nothing. */
export class Killed extends Error {}

/** One process of an instance, from its start to its being killed. */
export interface Life {
  readonly store: DocumentStore;
  /** Its calls that are under way may be applied, but nobody hears of them, and it makes no more. */
  end(): void;
  /** Rejects with Killed at the end. */
  readonly ended: Promise<never>;
}

export function createLife(store: DocumentStore): Life {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  ended.catch(() => undefined);
  let isAlive = true;
  const call = <T>(send: () => Promise<T>): Promise<T> =>
    new Promise((resolve, fail) => {
      if (!isAlive) return;
      send().then(
        (result) => isAlive && resolve(result),
        (error: unknown) => isAlive && fail(error),
      );
    });
  return {
    store: {
      get: (paths) => call(() => store.get(paths)),
      query: (query) => call(() => store.query(query)),
      count: (query) => call(() => store.count(query)),
      commit: (writes) => call(() => store.commit(writes)),
      writeEach: (writes, raised) => call(() => store.writeEach(writes, raised)),
    },
    end() {
      isAlive = false;
      reject(new Killed());
    },
    ended,
  };
}
