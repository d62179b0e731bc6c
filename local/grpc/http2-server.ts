import { type IncomingHttpHeaders, performServerHandshake, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { MethodDefinition } from '@grpc/grpc-js';
import type { Caller } from '#local/caller.ts';
import { answer, type Call, type GrpcService, toStatus, type WireStatus } from './answer.ts';
import { readMessage, writeMessages } from './frames.ts';
import { H2_CONNECTION_WINDOW, H2_RESETS, H2_SESSION_MEMORY_MB, H2_SETTINGS } from './http2-limits.ts';
import { GrpcError, invalidArgument } from './status.ts';

/** As gRPC's servers have it; Firestore takes more. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/** Serves a connection until it ends. */
export type Accept = (socket: Socket) => void;

/**
 * gRPC on Node's own HTTP/2: every call of a connection is this caller's. A request has one message, an answer all of its
 * messages at once. @grpc/grpc-js has a server, too, which is made for streams that go on and for interceptors: its calls
 * take twice the time, and it has no way to end one connection.
 */
export function createGrpcServer(service: GrpcService, caller: Caller, maxRequestBytes = MAX_REQUEST_BYTES): Accept {
  const routes = new Map(Object.entries(service.definition).map(([name, { path }]) => [path, name]));

  async function respond(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, socket: Socket): Promise<Buffer> {
    const body = await bodyOf(stream, maxRequestBytes);
    const name = routes.get(headers[':path'] ?? '');
    const method = name === undefined ? undefined : service.definition[name];
    if (name === undefined || method === undefined) {
      throw new GrpcError('UNIMPLEMENTED', `There is no method ${headers[':path']} here.`);
    }
    const request = decode(method, readMessage(body));
    const response = await answer(service, name, request, caller, callOf(stream, headers, socket));
    // A method that streams answers with the whole stream, as an array.
    const messages = Array.isArray(response) ? response : [response];
    return writeMessages(messages.map((message) => method.responseSerialize(message)));
  }

  return (socket) => {
    const session = performServerHandshake(socket, {
      settings: H2_SETTINGS,
      maxSessionMemory: H2_SESSION_MEMORY_MB,
      streamResetBurst: H2_RESETS,
      streamResetRate: H2_RESETS,
    });
    session.setLocalWindowSize(H2_CONNECTION_WINDOW);
    // What breaks a connection ends its calls, whose clients are told by theirs.
    session.on('error', () => undefined);
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      stream.on('error', () => undefined);
      respond(stream, headers, socket).then(
        (body) => send(stream, body),
        (error: unknown) => refuse(stream, toStatus(error)),
      );
    });
  };
}

function bodyOf(stream: ServerHttp2Stream, most: number): Promise<readonly Buffer[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Buffer[]>();
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= most) chunks.push(chunk);
  });
  stream.on('end', () => {
    if (length <= most) resolve(chunks);
    else reject(new GrpcError('RESOURCE_EXHAUSTED', `The request has ${length} bytes, more than ${most}.`));
  });
  return promise;
}

function decode(method: MethodDefinition<unknown, unknown>, bytes: Buffer): unknown {
  try {
    return method.requestDeserialize(bytes);
  } catch (error) {
    throw invalidArgument(`The request is not the message of ${method.path}: ${error}`);
  }
}

const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds, by the header `grpc-timeout`. */
function timeoutOf(header: string | string[] | undefined): number {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  return digits === undefined ? Number.POSITIVE_INFINITY : Number(digits) * (UNITS[unit] ?? 1);
}

/** A call is cancelled when its client has reset it, and when its deadline is over. */
function callOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, socket: Socket): Call {
  const deadline = performance.now() + timeoutOf(headers['grpc-timeout']);
  return {
    get cancelled() {
      return stream.destroyed || stream.aborted || performance.now() > deadline;
    },
    disconnect: () => socket.destroy(),
  };
}

const CONTENT = { ':status': 200, 'content-type': 'application/grpc+proto' };
const OK = { 'grpc-status': '0' };

function send(stream: ServerHttp2Stream, body: Buffer): void {
  if (stream.destroyed) return;
  stream.on('wantTrailers', () => stream.sendTrailers(OK));
  stream.respond(CONTENT, { waitForTrailers: true });
  stream.end(body);
}

function refuse(stream: ServerHttp2Stream, { code, details }: WireStatus): void {
  if (stream.destroyed) return;
  // Percent-encoded UTF-8, as gRPC has it; clients leave reserved characters as they are.
  const status = { 'grpc-status': String(code), 'grpc-message': encodeURI(details.toWellFormed()) };
  stream.respond({ ...CONTENT, ...status }, { endStream: true });
}
