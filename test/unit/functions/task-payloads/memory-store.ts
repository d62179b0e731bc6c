import { CommitError, type Document, type DocumentStore } from '#shared/store/store.ts';

/** A document store of one process, with the preconditions that idempotency uses, and commits whose answers get lost. */
export function memoryStore() {
  const documents = new Map<string, Document>();
  let version = 0;
  let losing = 0;
  const store: Pick<DocumentStore, 'get' | 'commit'> = {
    get: async (paths) => paths.map((path) => documents.get(path)),
    async commit(writes) {
      for (const write of writes) {
        const found = documents.get(write.path);
        version += 1;
        const updateTime = { seconds: String(version), nanos: 0 };
        const fresh = { path: write.path, id: write.path, updateTime };
        if (write.op === 'delete') documents.delete(write.path);
        else if (write.op === 'update') {
          const stale = write.lastUpdateTime?.seconds !== found?.updateTime.seconds;
          if (found === undefined || (write.lastUpdateTime !== undefined && stale)) {
            throw new CommitError('precondition_failed', undefined);
          }
          documents.set(write.path, { ...fresh, fields: { ...found.fields, ...write.fields } });
        } else {
          if (write.op === 'create' && found !== undefined) throw new CommitError('already_exists', undefined);
          documents.set(write.path, { ...fresh, fields: write.fields });
        }
      }
      if (losing > 0) {
        losing -= 1;
        throw new CommitError('unknown', undefined);
      }
    },
  };
  return {
    ...store,
    documents,
    loseAnswers(count: number) {
      losing = count;
    },
  };
}
