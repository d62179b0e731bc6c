import { createServer, type IncomingMessage, type Server } from 'node:http';
import { json as readJson } from 'node:stream/consumers';
import type { Caller } from '#local/caller.ts';
import { answer, type GrpcService, toStatus } from '#local/grpc/answer.ts';
import { GrpcError, invalidArgument, statusName } from '#local/grpc/status.ts';
import type { Databases } from './databases.ts';
import { readFields, toJson } from './json.ts';
import { forbidden } from './methods.ts';

/** HTTP status codes of google/rpc/code.proto. */
const HTTP: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

const WIPE = /^\/emulator\/v1\/(projects\/[^/]+\/databases\/[^/]+)\/documents$/;
const RESOURCE = /^\/v1\/(projects\/[^/]+\/databases\/[^/]+\/documents)(?:\/(.+))?$/s;

/** As far as runbooks and tests use REST: createDocument, get, list; and, as the emulator has it, the wiping of a database. */
export function createRest(service: GrpcService, databases: Databases, caller: Caller): Server {
  return createServer(async (request, response) => {
    try {
      const body = await route(request);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(toJson(body)));
    } catch (error) {
      const { code, details } = toStatus(error);
      const status = statusName(code);
      const http = HTTP[status] ?? 500;
      response
        .writeHead(http, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { code: http, message: details, status } }));
    }
  });

  async function route(request: IncomingMessage): Promise<object> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = decodePath(url.pathname);
    const [, database] = WIPE.exec(path) ?? [];
    if (request.method === 'DELETE' && database !== undefined) {
      if (!caller.may('datastore.entities.delete', database)) throw forbidden();
      databases.open(database).wipe();
      return {};
    }
    if (request.method === 'GET' && path === '/') return {};
    const [, root, below = ''] = RESOURCE.exec(path) ?? [];
    const segments = below === '' ? [] : below.split('/');
    const collection = segments.length % 2 === 1;
    const parent = [root, ...segments.slice(0, -1)].join('/');
    const call = { cancelled: false, disconnect: () => request.socket.destroy() };
    if (root !== undefined && request.method === 'POST' && collection) {
      const message = {
        ...{ parent, collectionId: segments.at(-1) ?? '', mask: null },
        documentId: url.searchParams.get('documentId') ?? '',
        document: { fields: await fieldsOf(request) },
      };
      return answer(service, 'CreateDocument', message, caller, call);
    }
    if (root !== undefined && request.method === 'PATCH' && !collection && segments.length > 0) {
      const fieldPaths = url.searchParams.getAll('updateMask.fieldPaths');
      const write = {
        update: { name: `${root}/${below}`, fields: await fieldsOf(request) },
        updateMask: fieldPaths.length === 0 ? null : { fieldPaths },
        updateTransforms: [],
        currentDocument: null,
      };
      const database = root.slice(0, root.lastIndexOf('/documents'));
      await answer(service, 'Commit', { database, writes: [write], transaction: Buffer.alloc(0) }, caller, call);
      return answer(service, 'GetDocument', { name: `${root}/${below}`, mask: null }, caller, call);
    }
    if (root !== undefined && request.method === 'GET' && collection) {
      const message = {
        ...{ parent, collectionId: segments.at(-1) ?? '', mask: null, showMissing: false },
        pageSize: Number(url.searchParams.get('pageSize') ?? 0),
        pageToken: url.searchParams.get('pageToken') ?? '',
        orderBy: url.searchParams.get('orderBy') ?? '',
      };
      return answer(service, 'ListDocuments', message, caller, call);
    }
    if (root !== undefined && request.method === 'GET' && segments.length > 0) {
      return answer(service, 'GetDocument', { name: `${root}/${below}`, mask: null }, caller, call);
    }
    throw new GrpcError('UNIMPLEMENTED', `${request.method} ${path} is not implemented here.`);
  }
}

async function fieldsOf(request: IncomingMessage) {
  const body: unknown = await readJson(request).catch(() => undefined);
  if (typeof body !== 'object' || body === null) throw invalidArgument('The body is no JSON object.');
  return readFields('fields' in body ? body.fields : undefined);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalidArgument(`The path ${path} is not encoded as URLs are.`);
  }
}
