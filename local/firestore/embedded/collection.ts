import { holds } from './filters.ts';
import { type IndexDefinition, identify, keyOf } from './index-definition.ts';
import { createOrderedEntries, type OrderedEntries } from './ordered-entries.ts';
import type { Plan } from './query-plan.ts';
import type { StoredDocument } from './writes.ts';

/** The documents of one collection and the indexes that queries have asked for. */
export interface Collection {
  get(path: string): StoredDocument | undefined;
  /** @param document undefined removes it */
  put(path: string, document: StoredDocument | undefined): void;
  /** In the index's order. */
  run(plan: Plan): Generator<StoredDocument>;
  /** How many documents `run` would give. */
  count(plan: Plan): number;
  all(): Iterable<StoredDocument>;
}

interface Index {
  readonly definition: IndexDefinition;
  readonly entries: OrderedEntries<StoredDocument>;
  /** The key of each document that has an entry, by its path. */
  readonly keys: Map<string, string>;
}

/** An index comes into being with the first query that reads it, and is kept up to date from then on. */
export function createCollection(): Collection {
  const documents = new Map<string, StoredDocument>();
  const indexes = new Map<string, Index>();

  function indexOf(definition: IndexDefinition): Index {
    const id = identify(definition);
    const held = indexes.get(id);
    if (held !== undefined) return held;
    const index: Index = { definition, entries: createOrderedEntries<StoredDocument>(), keys: new Map() };
    for (const document of documents.values()) update(index, document.path, document);
    indexes.set(id, index);
    return index;
  }

  function* run({ index, start, end, rest }: Plan): Generator<StoredDocument> {
    for (const document of indexOf(index).entries.between(start, end)) {
      if (rest.every((comparison) => holds(comparison, document.fields))) yield document;
    }
  }

  return {
    get: (path) => documents.get(path),

    put(path, document) {
      for (const index of indexes.values()) update(index, path, document);
      if (document === undefined) documents.delete(path);
      else documents.set(path, document);
    },

    run,

    count(plan) {
      const { index, start, end, rest } = plan;
      if (rest.length === 0) return indexOf(index).entries.count(start, end);
      let count = 0;
      for (const _ of run(plan)) count += 1;
      return count;
    },

    all: () => documents.values(),
  };
}

/** Most writes leave a document where it was. */
function update({ definition, entries, keys }: Index, path: string, document: StoredDocument | undefined): void {
  const held = keys.get(path);
  const key = document === undefined ? undefined : keyOf(definition, document);
  if (held !== undefined && held !== key) {
    entries.remove(held);
    keys.delete(path);
  }
  if (key === undefined || document === undefined) return;
  entries.insert(key, document);
  keys.set(path, key);
}
