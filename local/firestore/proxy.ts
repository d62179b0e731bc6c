import { once } from 'node:events';
import {
  type ClientHttp2Stream,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { NO_TOKEN } from '#local/fault-codes.ts';
import { H2_CONNECTION_WINDOW, H2_RESETS, H2_SESSION_MEMORY_MB, H2_SETTINGS } from '#local/grpc/http2-limits.ts';
import { statusNumber } from '#local/grpc/status.ts';
import type { Recorder } from '#local/recorder.ts';
import { connectUpstream, type Upstream } from './upstream.ts';

const RPC = /^\/google\.firestore\.v1\.Firestore\/(\w+)$/;
const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants;

export interface FirestoreProxy {
  /** `host:port`, for clients to use as the emulator's. */
  readonly address: string;
  close(): Promise<void>;
}

export interface FirestoreProxyOptions {
  /** `host:port` of the emulator. */
  readonly target: string;
  readonly recorder: Recorder;
}

/**
 * Passes every call through to the emulator as it is, counts it under `firestore.METHOD`, and obeys the recorder's
 * fault: a gRPC status before the emulator has seen the call, or instead of its answer once it is complete.
 * Firestore's answers have no checksum, so CORRUPT is like any other code that is no status: UNKNOWN.
 */
export async function startFirestoreProxy({ target, recorder }: FirestoreProxyOptions): Promise<FirestoreProxy> {
  const upstream = await connectUpstream(target);
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer({
    settings: H2_SETTINGS,
    maxSessionMemory: H2_SESSION_MEMORY_MB,
    streamResetBurst: H2_RESETS,
    streamResetRate: H2_RESETS,
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.setLocalWindowSize(H2_CONNECTION_WINDOW);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    // A client that goes away needs no answer; `close` follows and ends the other side.
    stream.on('error', () => undefined);
    serve(stream, { ...headers, ':authority': target }, upstream, recorder).catch((error: unknown) => {
      refuse(stream, 'INTERNAL', `a fault of the proxy itself: ${error}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return {
    address: `127.0.0.1:${address.port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      upstream.close();
      await closed;
    },
  };
}

async function serve(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  upstream: Upstream,
  recorder: Recorder,
): Promise<void> {
  const [, rpc] = RPC.exec(headers[':path'] ?? '') ?? [];
  const fault = rpc === undefined ? undefined : await recorder.enter('firestore', rpc);
  if (stream.destroyed) return;
  if (fault !== undefined && !fault.lost) {
    stream.resume();
    fail(stream, fault.code);
    return;
  }
  const call = upstream.request(headers);
  stream.pipe(call);
  stream.on('close', () => {
    if (!call.closed) call.close(NGHTTP2_CANCEL);
  });
  call.on('error', (error) => refuse(stream, 'UNAVAILABLE', error.message));
  if (fault === undefined) answer(call, stream);
  else lose(call, stream, fault.code);
}

/** Headers, data and trailers of the emulator's answer, or its reset. */
function answer(call: ClientHttp2Stream, stream: ServerHttp2Stream): void {
  let trailers: IncomingHttpHeaders = {};
  call.on('response', (headers, flags) => {
    if (stream.destroyed) return;
    const endStream = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(headers, { endStream, waitForTrailers: !endStream });
    if (endStream) call.resume();
    else call.pipe(stream);
  });
  call.on('trailers', (received) => {
    trailers = received;
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  call.on('close', () => {
    if (stream.writableEnded || stream.destroyed) return;
    stream.close(call.rstCode === NGHTTP2_NO_ERROR ? NGHTTP2_INTERNAL_ERROR : call.rstCode);
  });
}

/** Lets the call take effect, and throws its answer away. */
function lose(call: ClientHttp2Stream, stream: ServerHttp2Stream, code: string): void {
  call.resume();
  call.on('close', () => fail(stream, code));
}

function fail(stream: ServerHttp2Stream, code: string): void {
  if (code === 'DISCONNECT') stream.session?.socket.destroy();
  else if (code === 'TOKEN_UNAVAILABLE') refuse(stream, 'UNKNOWN', NO_TOKEN);
  else refuse(stream, code);
}

/** A trailers-only answer (gRPC over HTTP/2); nothing if an answer has begun. */
function refuse(stream: ServerHttp2Stream, code: string, message = `injected fault: ${code}`): void {
  if (stream.destroyed || stream.headersSent) return;
  const status = {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': String(statusNumber(code)),
    'grpc-message': encodeURI(message),
  };
  stream.respond(status, { endStream: true });
}
