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
  all(): Iterable<StoredDocument>;
}

interface Index {
  readonly definition: IndexDefinition;
  readonly entries: OrderedEntries<StoredDocument>;
}

/** An index comes into being with the first query that reads it, and is kept up to date from then on. */
export function createCollection(): Collection {
  const documents = new Map<string, StoredDocument>();
  const indexes = new Map<string, Index>();

  function indexOf(definition: IndexDefinition): Index {
    const id = identify(definition);
    const held = indexes.get(id);
    if (held !== undefined) return held;
    const index = { definition, entries: createOrderedEntries<StoredDocument>() };
    for (const document of documents.values()) enter(index, document);
    indexes.set(id, index);
    return index;
  }

  return {
    get: (path) => documents.get(path),

    put(path, document) {
      const held = documents.get(path);
      for (const index of indexes.values()) {
        if (held !== undefined) leave(index, held);
        if (document !== undefined) enter(index, document);
      }
      if (document === undefined) documents.delete(path);
      else documents.set(path, document);
    },

    *run({ index, start, end, rest }) {
      for (const document of indexOf(index).entries.between(start, end)) {
        if (rest.every((comparison) => holds(comparison, document.fields))) yield document;
      }
    },

    all: () => documents.values(),
  };
}

function enter({ definition, entries }: Index, document: StoredDocument): void {
  const key = keyOf(definition, document);
  if (key !== undefined) entries.insert(key, document);
}

function leave({ definition, entries }: Index, document: StoredDocument): void {
  const key = keyOf(definition, document);
  if (key !== undefined) entries.remove(key);
}
