import type { DocumentReader } from '#shared/store/store.ts';

type Store = Pick<DocumentReader, 'get'> & { close(): Promise<void> };

export interface LazyStore {
  readonly open: () => Promise<Store>;
  readonly close: () => Promise<void>;
}

/**
 * Firestore, whose client is loaded by the first read: it is most of what there is to load, and an instance that
 * starts should answer before that.
 */
export function createLazyStore(settings: {
  readonly projectId: string;
  readonly database: string;
  readonly endpoint: string | undefined;
}): LazyStore {
  let opening: Promise<Store> | undefined;
  return {
    open() {
      opening ??= import('#shared/gcp/firestore.ts').then(({ createFirestore }) => createFirestore(settings));
      return opening;
    },
    close: async () => (await opening)?.close(),
  };
}
