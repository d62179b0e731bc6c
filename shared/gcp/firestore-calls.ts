import { v1 } from '@google-cloud/firestore-api';
import { type ClientReadableStream, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { ProtoValue } from './firestore-values.ts';
import { leanGax } from './gax.ts';
import { deadlineIn, endpointOptions } from './grpc.ts';

/** The RPCs of google.firestore.v1 that are called, each once, with a deadline in milliseconds. A stream is collected. */
export interface FirestoreCalls {
  batchGetDocuments(request: ToDatabase, timeout: number): Promise<readonly GetResponse[]>;
  runQuery(request: ToParent, timeout: number): Promise<readonly QueryResponse[]>;
  runAggregationQuery(request: ToParent, timeout: number): Promise<readonly CountResponse[]>;
  commit(request: ToDatabase, timeout: number): Promise<CommitResponse>;
  batchWrite(request: ToDatabase, timeout: number): Promise<BatchWriteResponse>;
  close(): Promise<void>;
}

interface ToDatabase {
  readonly database: string;
}
interface ToParent {
  readonly parent: string;
}

export interface ProtoDocument {
  readonly name?: string | null;
  readonly fields?: Record<string, ProtoValue> | null;
  readonly updateTime?: { readonly seconds?: unknown; readonly nanos?: number | null } | null;
}
interface GetResponse {
  readonly found?: ProtoDocument | null;
}
interface QueryResponse {
  readonly document?: ProtoDocument | null;
}
interface CountResponse {
  readonly result?: { readonly aggregateFields?: Record<string, ProtoValue> | null } | null;
}
interface CommitResponse {
  readonly writeResults?: readonly { readonly transformResults?: readonly ProtoValue[] | null }[] | null;
}
interface BatchWriteResponse extends CommitResponse {
  readonly status?: readonly { readonly code?: number | null }[] | null;
}

export interface FirestoreEndpoint {
  readonly projectId: string;
  /** host:port of an emulator without TLS; undefined for the service. */
  readonly endpoint?: string | undefined;
}

/**
 * The generated client makes the channel and its credentials; the calls go to its gRPC stub. Its own methods add retries,
 * which are ours, and put every answer through streams and iterators: half of what a call costs this process.
 */
export function connectFirestore({ projectId, endpoint }: FirestoreEndpoint): FirestoreCalls {
  const client = new v1.FirestoreClient({ projectId, ...endpointOptions(endpoint) }, leanGax);

  /** Google routes a request by the header that names what it is about. */
  function metadataOf(request: ToDatabase | ToParent): Metadata {
    const metadata = new Metadata();
    const [name, value] = 'database' in request ? ['database', request.database] : ['parent', request.parent];
    metadata.set('x-goog-request-params', `${name}=${encodeURIComponent(value)}`);
    metadata.set('x-goog-api-client', `gl-node/${process.versions.node}`);
    // The emulator treats this token as an administrator; it is never sent to the service.
    if (endpoint !== undefined) metadata.set('authorization', 'Bearer owner');
    return metadata;
  }

  const methodOf = async (name: string) => {
    const stub = await client.initialize();
    const method = stub[name];
    if (method === undefined) throw new TypeError(`Firestore has no method ${name}`);
    return method.bind(stub);
  };

  async function unary<Response>(name: string, request: ToDatabase, timeout: number): Promise<Response> {
    const method = await methodOf(name);
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, response: Response) =>
        error === null ? resolve(response) : reject(error);
      method(request, metadataOf(request), { deadline: deadlineIn(timeout) }, done);
    });
  }

  async function collect<Response>(
    name: string,
    request: ToDatabase | ToParent,
    timeout: number,
  ): Promise<readonly Response[]> {
    const method = await methodOf(name);
    return new Promise((resolve, reject) => {
      const responses: Response[] = [];
      const options = { deadline: deadlineIn(timeout) };
      const stream: ClientReadableStream<Response> = method(request, metadataOf(request), options);
      stream.on('data', (response: Response) => responses.push(response));
      // A status other than OK is an error before it is an end.
      stream.on('error', reject);
      stream.on('end', () => resolve(responses));
    });
  }

  return {
    batchGetDocuments: (request, timeout) => collect('batchGetDocuments', request, timeout),
    runQuery: (request, timeout) => collect('runQuery', request, timeout),
    runAggregationQuery: (request, timeout) => collect('runAggregationQuery', request, timeout),
    commit: (request, timeout) => unary('commit', request, timeout),
    batchWrite: (request, timeout) => unary('batchWrite', request, timeout),
    close: () => client.close(),
  };
}
