import {
  CommitError,
  type Document,
  type DocumentStore,
  type Fields,
  type Write,
  type WriteFailure,
} from '#shared/store/store.ts';

/** Documents in memory, as far as tests without Firestore need them: preconditions, equality queries, atomic commits. */
export function memoryStore(): DocumentStore {
  const documents = new Map<string, Document>();
  let writes = 0;

  const refusal = (write: Write): WriteFailure | undefined => {
    const held = documents.get(write.path);
    if (write.op === 'create') return held === undefined ? undefined : 'already_exists';
    const expected =
      write.op === 'update'
        ? write.lastUpdateTime
        : write.op === 'delete' && write.precondition && 'lastUpdateTime' in write.precondition
          ? write.precondition.lastUpdateTime
          : undefined;
    if (write.op === 'update' && held === undefined)
      return expected === undefined ? 'not_found' : 'precondition_failed';
    return expected !== undefined && expected.seconds !== held?.updateTime.seconds ? 'precondition_failed' : undefined;
  };

  const apply = (write: Write): void => {
    if (write.op === 'delete') {
      documents.delete(write.path);
      return;
    }
    writes += 1;
    const kept: Fields = write.op === 'update' ? (documents.get(write.path)?.fields ?? {}) : {};
    documents.set(write.path, {
      path: write.path,
      id: write.path.slice(write.path.lastIndexOf('/') + 1),
      fields: { ...kept, ...write.fields },
      updateTime: { seconds: String(writes), nanos: 0 },
    });
  };

  return {
    get: async (paths) => paths.map((path) => documents.get(path)),
    query: async ({ collection, where, limit }) =>
      [...documents.values()]
        .filter(({ path, id }) => path === `${collection}/${id}`)
        .filter(({ fields }) => where.every(([field, , value]) => fields[field] === value))
        .slice(0, limit),
    count: async ({ collection }) =>
      [...documents.values()].filter(({ path, id }) => path === `${collection}/${id}`).length,
    async commit(list) {
      const refused = list.map(refusal).find((one) => one !== undefined);
      if (refused !== undefined) throw new CommitError(refused, undefined);
      list.forEach(apply);
    },
    writeEach: async (list) =>
      list.map((write) => {
        const refused = refusal(write);
        if (refused === undefined) apply(write);
        return refused;
      }),
  };
}
