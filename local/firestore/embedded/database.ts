import { invalidArgument } from '#local/grpc/status.ts';
import type { Clock } from '#shared/model/clock.ts';
import { type Collection, createCollection } from './collection.ts';
import type { IndexConfig } from './index-config.ts';
import { checkIndexEntries } from './index-entries.ts';
import type { StructuredQuery, Write } from './messages.ts';
import { encodeValue } from './order-key.ts';
import { createOrderedEntries } from './ordered-entries.ts';
import { planQuery } from './query-plan.ts';
import { collectionId, parseDocument, splitPath } from './resource-names.ts';
import { applyWrite, type Outcome, type StoredDocument, toTimestamp } from './writes.ts';

/** What became of a document: undefined when it was deleted. */
export type Change = { readonly path: string; readonly document: StoredDocument | undefined };

export interface DatabaseOptions {
  /** `projects/P/databases/D` */
  readonly name: string;
  readonly config: IndexConfig;
  readonly clock: Clock;
  /** Milliseconds from the time that a TTL policy names to the deletion. */
  readonly ttlDelay: number;
  /** Told of everything that changed, before whoever changed it has an answer. */
  readonly onChange: (changes: readonly Change[]) => void;
}

export interface Database {
  readonly name: string;
  get(path: string): StoredDocument | undefined;
  /** The documents that match, after the offset and up to the limit. */
  query(collection: string, query: StructuredQuery): StoredDocument[];
  /** How many documents `query` would give. */
  count(collection: string, query: StructuredQuery): number;
  /** Applies all writes or none. @throws GrpcError */
  commit(writes: readonly Write[]): Committed;
  /** Microseconds since the epoch; grows with every call. */
  tick(): number;
  /** Takes documents over as they were stored. */
  restore(documents: readonly StoredDocument[]): void;
  wipe(): void;
}

export interface Committed {
  readonly outcomes: readonly Outcome[];
  /** Microseconds since the epoch. */
  readonly commitTime: number;
}

/** Documents and indexes in memory. It does one thing at a time, so every commit is atomic and every read is current. */
export function createDatabase({ name, config, clock, ttlDelay, onChange }: DatabaseOptions): Database {
  const collections = new Map<string, Collection>();
  const expiring = createOrderedEntries<string>();
  let last = 0;

  const tick = () => {
    last = Math.max(last + 1, clock.now() * 1_000);
    return last;
  };

  const collectionAt = (path: string): Collection => {
    const held = collections.get(path);
    if (held !== undefined) return held;
    const collection = createCollection();
    collections.set(path, collection);
    return collection;
  };

  const read = (path: string) => collections.get(splitPath(path)[0])?.get(path);

  function put({ path, document }: Change): void {
    const [collection] = splitPath(path);
    const { field } = config.ttl.find((policy) => policy.collection === collectionId(collection)) ?? {};
    if (field !== undefined) {
      const before = read(path)?.fields[field];
      const after = document?.fields[field];
      if (before?.timestampValue) expiring.remove(encodeValue(before) + path);
      if (after?.timestampValue) expiring.insert(encodeValue(after) + path, path);
    }
    collectionAt(collection).put(path, document);
  }

  /** Deletes what is due by a TTL policy; the service does so within a day. */
  function expire(): void {
    const due = encodeValue({ timestampValue: toTimestamp((clock.now() - ttlDelay) * 1_000) });
    for (let first = expiring.first(); first !== undefined && first.key < due; first = expiring.first()) {
      const change = { path: first.item, document: undefined };
      put(change);
      onChange([change]);
    }
  }

  function prepare(collection: string, query: StructuredQuery) {
    expire();
    const plan = planQuery(query, collection, name, config);
    const { offset, limit } = query;
    if (offset < 0 || (limit !== null && limit.value < 0)) throw invalidArgument('Offset and limit are not negative.');
    return { plan, offset, limit: limit?.value ?? Number.POSITIVE_INFINITY };
  }

  return {
    name,
    tick,

    get(path) {
      expire();
      return read(path);
    },

    query(collection, query) {
      const { plan, offset, limit } = prepare(collection, query);
      const found: StoredDocument[] = [];
      if (limit === 0) return found;
      for (const document of collections.get(collection)?.run(plan) ?? []) {
        found.push(document);
        if (found.length >= offset + limit) break;
      }
      return found.slice(offset);
    },

    count(collection, query) {
      const { plan, offset, limit } = prepare(collection, query);
      const found = collections.get(collection)?.count(plan) ?? 0;
      return Math.min(Math.max(found - offset, 0), limit);
    },

    commit(writes) {
      expire();
      const commitTime = tick();
      const seen = new Set<string>();
      const outcomes = writes.map((write) => {
        const path = parseDocument(write.update?.name ?? write.delete ?? '', name);
        if (seen.has(path)) throw invalidArgument(`Two writes to ${path} in one request are refused here.`);
        seen.add(path);
        const outcome = applyWrite(path, write, read(path), commitTime);
        if (outcome.document !== undefined) checkIndexEntries(outcome.document, config);
        return outcome;
      });
      const changes = outcomes.filter(({ path, document }) => document !== read(path));
      onChange(changes);
      changes.forEach(put);
      return { outcomes, commitTime };
    },

    restore(documents) {
      for (const document of documents) {
        last = Math.max(last, document.updateTime);
        put({ path: document.path, document });
      }
    },

    wipe() {
      const changes = [...collections.values()].flatMap((collection) =>
        [...collection.all()].map(({ path }): Change => ({ path, document: undefined })),
      );
      onChange(changes);
      changes.forEach(put);
    },
  };
}
