import { Fault } from '../model/errors.ts';
import {
  CommitError,
  type Counter,
  type Document,
  type DocumentStore,
  type Query,
  type Write,
  type WriteFailure,
} from '../store/store.ts';
import {
  connectFirestore,
  type FirestoreCalls,
  type FirestoreEndpoint,
  type ProtoDocument,
} from './firestore-calls.ts';
import { decodeFields, encodeTimestamp, encodeValue, encodeWrite, type ProtoValue } from './firestore-values.ts';
import { status, statusOf } from './grpc.ts';
import { NOT_SENT, retrying } from './retry.ts';

export interface FirestoreSettings extends FirestoreEndpoint {
  readonly database: string;
}

/** Deadlines of one RPC, in milliseconds. */
const READ_TIMEOUT = 5_000;
const COMMIT_TIMEOUT = 10_000;
/** A rate limit is not worth a longer wait. */
const COUNTER_TIMEOUT = 3_000;

const OPERATORS = {
  '==': 'EQUAL',
  '<': 'LESS_THAN',
  '<=': 'LESS_THAN_OR_EQUAL',
  '>': 'GREATER_THAN',
  '>=': 'GREATER_THAN_OR_EQUAL',
} as const;

/**
 * Firestore through its protocol. The high-level client retries a commit for up to ten minutes and does not
 * report it; here a commit is one RPC, sent again only if it certainly was not sent, and the domain decides what a failure
 * means.
 */
export function createFirestore(
  settings: FirestoreSettings,
  client: FirestoreCalls = connectFirestore(settings),
): DocumentStore & Counter & { close(): Promise<void> } {
  const database = `projects/${settings.projectId}/databases/${settings.database}`;
  const root = `${database}/documents`;

  const toDocument = (found: ProtoDocument): Document => {
    const path = String(found.name).slice(root.length + 1);
    const { seconds, nanos } = found.updateTime ?? {};
    return {
      path,
      id: path.slice(path.lastIndexOf('/') + 1),
      fields: decodeFields(found.fields ?? {}),
      updateTime: { seconds: String(seconds ?? 0), nanos: nanos ?? 0 },
    };
  };

  return {
    get: (paths) =>
      reads(async () => {
        const request = { database, documents: paths.map((path) => `${root}/${path}`) };
        const found = new Map<string, Document>();
        for (const response of await client.batchGetDocuments(request, READ_TIMEOUT)) {
          if (response.found) {
            const document = toDocument(response.found);
            found.set(document.path, document);
          }
        }
        return paths.map((path) => found.get(path));
      }),

    query: (query) =>
      reads(async () => {
        const documents: Document[] = [];
        const request = { parent: parentOf(root, query), structuredQuery: structured(root, query) };
        for (const response of await client.runQuery(request, READ_TIMEOUT)) {
          if (response.document) documents.push(toDocument(response.document));
        }
        return documents;
      }),

    count: ({ collection, where }) =>
      reads(async () => {
        const query = { collection, where };
        const structuredAggregationQuery = {
          structuredQuery: structured(root, query),
          aggregations: [{ alias: 'count', count: {} }],
        };
        const request = { parent: parentOf(root, query), structuredAggregationQuery };
        for (const response of await client.runAggregationQuery(request, READ_TIMEOUT)) {
          const value = response.result?.aggregateFields?.['count']?.integerValue;
          if (value !== undefined && value !== null) return Number(value.toString());
        }
        throw new Fault('dependency_unavailable', 'The document store returned a count without a number.');
      }),

    async commit(writes) {
      rejectRepeatedPaths(writes);
      try {
        const request = { database, writes: writes.map((write) => encodeWrite(root, write)) };
        await retrying(() => client.commit(request, COMMIT_TIMEOUT), NOT_SENT);
      } catch (cause) {
        throw new CommitError(failureOf(statusOf(cause)), cause);
      }
    },

    async writeEach(writes, raised) {
      rejectRepeatedPaths(writes);
      try {
        const request = { database, writes: writes.map((write) => encodeWrite(root, write)) };
        const response = await retrying(() => client.batchWrite(request, COMMIT_TIMEOUT), NOT_SENT);
        const statuses = response.status ?? [];
        return writes.map((write, index) => {
          const code = statuses[index]?.code;
          if (statuses[index] === undefined) return 'unknown';
          if (code) return failureOf(code);
          raised?.(index, raisedBy(write, response.writeResults?.[index]?.transformResults ?? []));
          return undefined;
        });
      } catch (cause) {
        throw new CommitError('unknown', cause);
      }
    },

    async add(path, amounts, deleteAfter) {
      const write = {
        update: { name: `${root}/${path}`, fields: { delete_after: encodeTimestamp(deleteAfter) } },
        updateMask: { fieldPaths: ['delete_after'] },
        updateTransforms: amounts.map(([fieldPath, amount]) => ({ fieldPath, increment: encodeValue(amount) })),
      };
      const request = { database, writes: [write] };
      const response = await retrying(() => client.commit(request, COUNTER_TIMEOUT), NOT_SENT);
      const sums = response.writeResults?.[0]?.transformResults ?? [];
      return amounts.map((_, index) => Number(sums[index]?.integerValue?.toString()));
    },

    close: () => client.close(),
  };
}

/** Opens the database in a function's settings. */
export const openFirestore = (config: {
  readonly PROJECT_ID: string;
  readonly FIRESTORE_DATABASE: string;
  readonly FIRESTORE_ENDPOINT?: string | undefined;
}) =>
  createFirestore({
    projectId: config.PROJECT_ID,
    database: config.FIRESTORE_DATABASE,
    endpoint: config.FIRESTORE_ENDPOINT,
  });

/** Retries a read, which has no side effect. @throws Fault `dependency_unavailable` when the last attempt fails */
async function reads<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await retrying(read);
  } catch (cause) {
    throw new Fault('dependency_unavailable', 'The document store does not answer right now.', { cause });
  }
}

/** Rejects two writes to one document in one commit, which the service and its emulator treat differently. */
function rejectRepeatedPaths(writes: readonly Write[]): void {
  const paths = new Set<string>();
  for (const { path } of writes) {
    if (paths.has(path)) throw new TypeError(`two writes to ${path} in one commit`);
    paths.add(path);
  }
}

function failureOf(code: number): WriteFailure {
  switch (code) {
    case status.ALREADY_EXISTS:
      return 'already_exists';
    case status.NOT_FOUND:
      return 'not_found';
    case status.FAILED_PRECONDITION:
      return 'precondition_failed';
    default:
      return 'unknown';
  }
}

/** The results of a write's transforms are in their order, and `maximum` comes first. */
function raisedBy(write: Write, results: readonly ProtoValue[]): Record<string, number> {
  const fields = 'maximum' in write ? Object.keys(write.maximum ?? {}) : [];
  return Object.fromEntries(
    fields.flatMap((field, index) => {
      const value = Number(results[index]?.integerValue?.toString());
      return Number.isNaN(value) ? [] : [[field, value] as const];
    }),
  );
}

const parentOf = (root: string, { collection }: Pick<Query, 'collection'>) => {
  const cut = collection.lastIndexOf('/');
  return cut < 0 ? root : `${root}/${collection.slice(0, cut)}`;
};

function structured(root: string, query: Omit<Query, 'limit'> & { readonly limit?: number }) {
  const { collection, where, orderBy = [], limit, startAfter } = query;
  return {
    from: [{ collectionId: collection.slice(collection.lastIndexOf('/') + 1) }],
    ...(where.length === 0 ? {} : { where: { compositeFilter: { op: 'AND' as const, filters: where.map(filter) } } }),
    orderBy: orderBy.map(([fieldPath, direction]) => ({
      field: { fieldPath },
      direction: direction === 'asc' ? ('ASCENDING' as const) : ('DESCENDING' as const),
    })),
    ...(limit === undefined ? {} : { limit: { value: limit } }),
    ...(startAfter === undefined ? {} : { startAt: { before: false, values: startAfter.map(cursor(root, orderBy)) } }),
  };
}

/** Firestore compares with null by the operator IS_NULL; EQUAL with a null value matches nothing. */
const filter = ([fieldPath, op, value]: Query['where'][number]) =>
  op === '==' && value === null
    ? { unaryFilter: { field: { fieldPath }, op: 'IS_NULL' as const } }
    : { fieldFilter: { field: { fieldPath }, op: OPERATORS[op], value: encodeValue(value) } };

/** A value for `__name__` is given as a path and sent as a reference. */
const cursor =
  (root: string, orderBy: NonNullable<Query['orderBy']>) =>
  (value: NonNullable<Query['startAfter']>[number], index: number): ProtoValue =>
    orderBy[index]?.[0] === '__name__' ? { referenceValue: `${root}/${String(value)}` } : encodeValue(value);
