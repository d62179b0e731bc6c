import { randomBytes } from 'node:crypto';
import type { Caller } from '#local/caller.ts';
import type { Method } from '#local/grpc/method.ts';
import { GrpcError, invalidArgument, notFound, statusNumber } from '#local/grpc/status.ts';
import type { Database } from './database.ts';
import type { Databases } from './databases.ts';
import { project } from './field-paths.ts';
import { unimplemented } from './filters.ts';
import type * as messages from './messages.ts';
import { checkId, parseDocument, parseParent } from './resource-names.ts';
import { type StoredDocument, toTimestamp } from './writes.ts';

const MAX_BATCH = 500;
const DEFAULT_PAGE = 100;
const MAX_PAGE = 300;

type Consistency = Pick<messages.GetRequest, 'transaction' | 'newTransaction' | 'readTime'>;

/** The RPCs that the suite, its runbooks and its tests call. Whatever else there is answers UNIMPLEMENTED by its name. */
export function firestoreMethods(databases: Databases): Record<string, Method> {
  return {
    GetDocument: rpc<messages.GetRequest>((request, caller) => {
      rejectTransaction(request);
      const database = authorised(databases, parseParent(request.name).database, caller, 'get');
      const document = database.get(parseDocument(request.name, database.name));
      if (document === undefined) throw notFound(`Document "${request.name}" not found.`);
      return documentMessage(database, document, request.mask);
    }),

    BatchGetDocuments: rpc<messages.BatchGetRequest>((request, caller) => {
      rejectTransaction(request);
      const database = authorised(databases, request.database, caller, 'get');
      const paths = request.documents.map((name) => parseDocument(name, database.name));
      const readTime = toTimestamp(database.tick());
      return [...new Set(paths)].map((path) => {
        const document = database.get(path);
        if (document === undefined) return { missing: nameOf(database, path), readTime };
        return { found: documentMessage(database, document, request.mask), readTime };
      });
    }),

    ListDocuments: rpc<messages.ListRequest>((request, caller) => {
      rejectTransaction(request);
      if (request.orderBy !== '') throw unimplemented('order_by of ListDocuments');
      if (request.showMissing) throw unimplemented('show_missing of ListDocuments');
      const { database, collection } = collectionOf(databases, request, request.collectionId, caller, 'list');
      const size = Math.min(request.pageSize > 0 ? request.pageSize : DEFAULT_PAGE, MAX_PAGE);
      const startAt = request.pageToken === '' ? null : cursorAfter(database, collection, request.pageToken);
      const page = database.query(collection, { ...EVERYTHING, startAt, limit: { value: size } });
      const last = page.length === size ? page.at(-1) : undefined;
      return {
        documents: page.map((document) => documentMessage(database, document, request.mask)),
        nextPageToken: last === undefined ? '' : last.path.slice(collection.length + 1),
      };
    }),

    CreateDocument: rpc<messages.CreateRequest>((request, caller) => {
      const { database, collection } = collectionOf(databases, request, request.collectionId, caller, 'create');
      const id = request.documentId === '' ? randomBytes(10).toString('hex') : request.documentId;
      checkId(id);
      const name = nameOf(database, `${collection}/${id}`);
      const { outcomes } = database.commit([
        {
          update: { name, fields: request.document?.fields ?? {} },
          updateMask: null,
          updateTransforms: [],
          currentDocument: { exists: false },
        },
      ]);
      const [created] = outcomes;
      if (created?.document === undefined) throw new TypeError('what was created is there');
      return documentMessage(database, created.document, request.mask);
    }),

    Commit: rpc<messages.CommitRequest>(({ database: name, writes, transaction }, caller) => {
      rejectTransaction({ transaction });
      const database = authorisedToWrite(databases, name, caller, writes);
      const { outcomes, commitTime } = database.commit(writes);
      return { writeResults: outcomes.map(resultMessage), commitTime: toTimestamp(commitTime) };
    }),

    BatchWrite: rpc<messages.BatchWriteRequest>(({ database: name, writes }, caller) => {
      const database = authorisedToWrite(databases, name, caller, writes);
      if (writes.length > MAX_BATCH) throw invalidArgument(`A batch has at most ${MAX_BATCH} writes.`);
      const names = writes.map(({ update, delete: deleted }) => update?.name ?? deleted);
      if (new Set(names).size < names.length) throw invalidArgument('A batch writes each document once.');
      const answers = writes.map((write) => tryWrite(database, write));
      return {
        writeResults: answers.map(({ result }) => result),
        status: answers.map(({ status }) => status),
      };
    }),

    RunQuery: rpc<messages.RunQueryRequest>((request, caller) => {
      rejectTransaction(request);
      const { structuredQuery: query } = request;
      if (query === undefined) throw invalidArgument('A query is missing.');
      const { database, collection } = queried(databases, request.parent, query, caller);
      const documents = database.query(collection, query);
      const readTime = toTimestamp(database.tick());
      const mask = query.select === null ? null : { fieldPaths: query.select.fields.map(({ fieldPath }) => fieldPath) };
      const found = documents.map((document) => ({ document: documentMessage(database, document, mask), readTime }));
      return found.length > 0 ? found : [{ readTime }];
    }),

    RunAggregationQuery: rpc<messages.RunAggregationRequest>((request, caller) => {
      rejectTransaction(request);
      const { structuredQuery: query, aggregations = [] } = request.structuredAggregationQuery ?? {};
      if (query === undefined || aggregations.length === 0) throw invalidArgument('An aggregation is missing.');
      const { database, collection } = queried(databases, request.parent, query, caller);
      const found = database.count(collection, query);
      const aggregateFields = Object.fromEntries(
        aggregations.map(({ alias, ...aggregation }, index) => [
          alias === '' ? `field_${index + 1}` : alias,
          { integerValue: countOf(aggregation, found) },
        ]),
      );
      return [{ result: { aggregateFields }, readTime: toTimestamp(database.tick()) }];
    }),
  };
}

const rpc = <Request>(run: (request: Request, caller: Caller) => object): Method => ({
  payload: undefined,
  // The protocol's own definition has decoded it, and messages.ts says what that gives.
  run: async (request, caller) => run(request as Request, caller),
});

/** IAM's permissions on the documents of a database: `datastore.entities.…`. */
type Permission = 'get' | 'list' | 'create' | 'update' | 'delete';

export const forbidden = () => new GrpcError('PERMISSION_DENIED', 'Missing or insufficient permissions.');

function authorised(databases: Databases, name: string, caller: Caller, ...needed: readonly Permission[]): Database {
  for (const permission of needed) {
    if (!caller.may(`datastore.entities.${permission}`, name)) {
      throw forbidden();
    }
  }
  return databases.open(name);
}

function authorisedToWrite(databases: Databases, name: string, caller: Caller, writes: readonly messages.Write[]) {
  return authorised(databases, name, caller, ...new Set(writes.flatMap(permissionsFor)));
}

function permissionsFor({ update, currentDocument }: messages.Write): readonly Permission[] {
  if (update === undefined) return ['delete'];
  if (currentDocument?.exists === false) return ['create'];
  return currentDocument === null ? ['create', 'update'] : ['update'];
}

function rejectTransaction({ transaction, newTransaction, readTime }: Consistency): void {
  if (transaction !== undefined && transaction.length > 0) throw unimplemented('transaction of a request');
  if (newTransaction !== undefined) throw unimplemented('new_transaction of a request');
  if (readTime !== undefined) throw unimplemented('read_time of a request');
}

function collectionOf(
  databases: Databases,
  { parent }: { readonly parent: string },
  id: string,
  caller: Caller,
  permission: Permission,
) {
  const { database: name, path } = parseParent(parent);
  checkId(id);
  const database = authorised(databases, name, caller, permission);
  return { database, collection: path === '' ? id : `${path}/${id}` };
}

/** Which collection a query is about. */
function queried(databases: Databases, parent: string, query: messages.StructuredQuery, caller: Caller) {
  const [from, ...others] = query.from;
  if (from === undefined || others.length > 0) throw invalidArgument('A query is about one collection.');
  if (from.allDescendants) throw unimplemented('query over a collection group');
  if (query.findNearest) throw unimplemented('find_nearest of a query');
  return collectionOf(databases, { parent }, from.collectionId, caller, 'list');
}

function countOf({ count, sum, avg }: Omit<messages.Aggregation, 'alias'>, found: number): string {
  if (sum !== undefined) throw unimplemented('aggregation sum');
  if (avg !== undefined) throw unimplemented('aggregation avg');
  return String(Math.min(found, Number(count?.upTo?.value ?? found)));
}

/** A write of a batch, which succeeds or fails by itself. */
function tryWrite(database: Database, write: messages.Write) {
  try {
    const [outcome] = database.commit([write]).outcomes;
    return { result: outcome === undefined ? {} : resultMessage(outcome), status: { code: 0, message: '' } };
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    return { result: {}, status: { code: statusNumber(error.code), message: error.message } };
  }
}

const resultMessage = ({ document, transformResults }: ReturnType<Database['commit']>['outcomes'][number]) => ({
  ...(document === undefined ? {} : { updateTime: toTimestamp(document.updateTime) }),
  transformResults,
});

const nameOf = (database: Database, path: string) => `${database.name}/documents/${path}`;

const documentMessage = (database: Database, document: StoredDocument, mask: messages.Mask | null) => ({
  name: nameOf(database, document.path),
  fields: project(document.fields, mask),
  createTime: toTimestamp(document.createTime),
  updateTime: toTimestamp(document.updateTime),
});

const EVERYTHING: messages.StructuredQuery = {
  select: null,
  from: [],
  where: null,
  orderBy: [{ field: { fieldPath: '__name__' }, direction: 'ASCENDING' }],
  startAt: null,
  endAt: null,
  offset: 0,
  limit: null,
  findNearest: null,
};

const cursorAfter = (database: Database, collection: string, id: string): messages.Cursor => ({
  values: [{ referenceValue: nameOf(database, `${collection}/${id}`) }],
  before: false,
});
