import type { Write } from '#shared/store/store.ts';

type Update = Extract<Write, { op: 'update' }>;

/** A commit has each document once: updates of the same document become one. */
export function mergeUpdates(writes: readonly Write[]): Write[] {
  const merged = new Map<string, Write>();
  for (const write of writes) {
    const other = merged.get(write.path);
    if (other === undefined) merged.set(write.path, write);
    else if (isUpdate(other) && isUpdate(write))
      merged.set(write.path, { ...other, ...write, fields: { ...other.fields, ...write.fields } });
    else throw new TypeError(`two writes of ${write.path} that are no updates`);
  }
  return [...merged.values()];
}

const isUpdate = (write: Write): write is Update => write.op === 'update';
