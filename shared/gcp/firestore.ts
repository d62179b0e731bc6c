import { v1 } from '@google-cloud/firestore-api';
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
import { decodeFields, encodeTimestamp, encodeValue, encodeWrite, type ProtoValue } from './firestore-values.ts';
import { leanGax } from './gax.ts';
import { endpointOptions, sendOnce, status, statusOf } from './grpc.ts';
import { NOT_SENT, retrying } from './retry.ts';

export interface FirestoreSettings {
  readonly projectId: string;
  readonly database: string;
  /** host:port of an emulator without TLS; undefined for the service. */
  readonly endpoint?: string | undefined;
}

/** Deadlines of one RPC, in milliseconds. */
const READ_TIMEOUT = 5_000;
const COMMIT_TIMEOUT = 10_000;
/** A rate limit is not worth a longer wait. */
const COUNTER_TIMEOUT = 3_000;

/** The calls that are made of the generated client. */
export interface FirestoreCalls {
  batchGetDocuments(request: object, options: object): AsyncIterable<unknown>;
  runQuery(request: object, options: object): AsyncIterable<unknown>;
  runAggregationQuery(request: object, options: object): AsyncIterable<unknown>;
  commit(request: object, options: object): Promise<readonly [CommitResponse, ...unknown[]]>;
  batchWrite(request: object, options: object): Promise<readonly [BatchWriteResponse, ...unknown[]]>;
  close(): Promise<void>;
}

const connect = ({ projectId, endpoint }: FirestoreSettings): FirestoreCalls =>
  new v1.FirestoreClient({ projectId, ...endpointOptions(endpoint) }, leanGax);

const OPERATORS = {
  '==': 'EQUAL',
  '<': 'LESS_THAN',
  '<=': 'LESS_THAN_OR_EQUAL',
  '>': 'GREATER_THAN',
  '>=': 'GREATER_THAN_OR_EQUAL',
} as const;

/**
 * Firestore through its generated client. The high-level client retries a commit for up to ten minutes and does not
 * report it; here a commit is one RPC, sent again only if it certainly was not sent, and the domain decides what a failure
 * means.
 */
export function createFirestore(
  settings: FirestoreSettings,
  client: FirestoreCalls = connect(settings),
): DocumentStore & Counter & { close(): Promise<void> } {
  const database = `projects/${settings.projectId}/databases/${settings.database}`;
  const root = `${database}/documents`;
  // The emulator treats this token as an administrator; it is never sent to the service.
  const headers = settings.endpoint === undefined ? {} : { authorization: 'Bearer owner' };
  const reading = { ...sendOnce(READ_TIMEOUT), otherArgs: { headers } };
  const writing = { ...sendOnce(COMMIT_TIMEOUT), otherArgs: { headers } };

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
        for await (const response of client.batchGetDocuments(request, reading) as AsyncIterable<GetResponse>) {
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
        for await (const response of client.runQuery(request, reading) as AsyncIterable<QueryResponse>) {
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
        for await (const response of client.runAggregationQuery(request, reading) as AsyncIterable<CountResponse>) {
          const value = response.result?.aggregateFields?.['count']?.integerValue;
          if (value !== undefined && value !== null) return Number(value.toString());
        }
        throw new Fault('dependency_unavailable', 'The document store returned a count without a number.');
      }),

    async commit(writes) {
      rejectRepeatedPaths(writes);
      try {
        const request = { database, writes: writes.map((write) => encodeWrite(root, write)) };
        await retrying(() => client.commit(request, writing), NOT_SENT);
      } catch (cause) {
        throw new CommitError(failureOf(statusOf(cause)), cause);
      }
    },

    async writeEach(writes, raised) {
      rejectRepeatedPaths(writes);
      try {
        const request = { database, writes: writes.map((write) => encodeWrite(root, write)) };
        const [response] = await retrying(() => client.batchWrite(request, writing), NOT_SENT);
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
      const counting = { ...writing, ...sendOnce(COUNTER_TIMEOUT) };
      const [response] = await retrying(() => client.commit({ database, writes: [write] }, counting), NOT_SENT);
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

interface ProtoDocument {
  readonly name?: string | null;
  readonly fields?: Record<string, ProtoValue> | null;
  readonly updateTime?: { readonly seconds?: unknown; readonly nanos?: number | null } | null;
}

// The generated client does not type the messages of its streams; these are the protocol's.
type GetResponse = { readonly found?: ProtoDocument | null };
type QueryResponse = { readonly document?: ProtoDocument | null };
type CountResponse = { readonly result?: { readonly aggregateFields?: Record<string, ProtoValue> | null } | null };

interface WriteResult {
  readonly transformResults?: readonly ProtoValue[] | null;
}
interface CommitResponse {
  readonly writeResults?: readonly WriteResult[] | null;
}
interface BatchWriteResponse extends CommitResponse {
  readonly status?: readonly { readonly code?: number | null }[] | null;
}
