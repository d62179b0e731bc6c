import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { disconnect, disconnectMidway, isDisconnect } from '#local/http-faults.ts';
import type { Recorder } from '#local/recorder.ts';
import { flipOneBit } from './incoming.ts';
import { injectedError, StorageError } from './storage-error.ts';

/** A request as it came, path and query undecoded: a signature covers exactly these. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly host: string;
  readonly headers: IncomingMessage['headers'];
  /** Names and values in turn, as sent, duplicates kept. */
  readonly rawHeaders: readonly string[];
}

/** Part of a file; `end` is inclusive. */
export interface FilePart {
  readonly file: FileHandle;
  readonly start: number;
  readonly end: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | FilePart;
}

/** One thing an API does, under the name by which calls are counted and faults injected. */
export interface Operation {
  readonly name: string;
  run(body: AsyncIterable<Buffer>): Promise<Reply>;
}

export interface Api {
  /** @throws StorageError for what it does not know */
  route(exchange: Exchange): Operation;
  refuse(error: StorageError, operation: string | undefined): Reply;
  /** Headers that every answer carries, refusals too. */
  standing(exchange: Exchange): Readonly<Record<string, string>>;
}

/** Serves an API on a free port of the loopback interface until closed. */
export async function serve(api: Api, recorder: Recorder): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(api, recorder, request, response).catch(() => response.destroy());
  });
  // Longer than any client keeps an idle connection, so that none is closed under a request.
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return {
    port: address.port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(api: Api, recorder: Recorder, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const exchange = exchangeOf(request);
  let operation: Operation | undefined;
  let damaged = false;
  let reply: Reply;
  try {
    operation = api.route(exchange);
    const fault = await recorder.enter('storage', operation.name);
    damaged = fault?.code === 'CORRUPT' || fault?.code === 'CORRUPT_REQUEST';
    if (fault !== undefined && isDisconnect(fault.code)) {
      if (fault.lost) await breakOff(response, await operation.run(bodyOf(request)));
      else disconnect(response);
      return;
    }
    if (fault === undefined || damaged) {
      reply = await operation.run(damaged ? flipOneBit(bodyOf(request)) : bodyOf(request));
    } else {
      if (fault.lost) await discard(await operation.run(bodyOf(request)).catch(() => undefined));
      throw injectedError(fault.code);
    }
  } catch (error) {
    const failure = error instanceof StorageError ? error : new StorageError('internal', String(error));
    reply = api.refuse(failure, operation?.name);
  }
  await send(response, { ...reply, headers: { ...api.standing(exchange), ...reply.headers } }, damaged);
  // The unread rest of the body is drained, so that a client that is still sending sees the response, not a reset.
  request.resume();
}

function exchangeOf(request: IncomingMessage): Exchange {
  const { method = 'GET', url = '/', headers, rawHeaders } = request;
  const mark = url.indexOf('?');
  const [path, query] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
  return { method, path, query, host: headers.host ?? '', headers, rawHeaders };
}

/** The body, read only when somebody asks; leaving the loop early does not end the connection. */
async function* bodyOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  yield* request.iterator({ destroyOnReturn: false });
}

async function send(response: ServerResponse, { status, headers, body }: Reply, damaged: boolean): Promise<void> {
  if (response.destroyed) {
    await discard({ status, headers, body });
    return;
  }
  response.writeHead(status, headers);
  if (typeof body === 'string') {
    response.end(body);
    return;
  }
  const bytes = body.file.createReadStream({ start: body.start, end: body.end });
  // A client that disconnects midway is not an error of this server.
  await pipeline(damaged ? flipOneBit(bytes) : bytes, response).catch(() => undefined);
}

/** The operation has taken effect, and its answer breaks off. */
async function breakOff(response: ServerResponse, { status, headers, body }: Reply): Promise<void> {
  if (typeof body === 'string') {
    disconnectMidway(response, { status, headers, body });
    return;
  }
  const half = Math.ceil((body.end + 1 - body.start) / 2);
  response.writeHead(status, headers);
  await pipeline(body.file.createReadStream({ start: body.start, end: body.start + half - 1 }), response, {
    end: false,
  }).catch(() => undefined);
  setImmediate(() => disconnect(response));
}

async function discard(reply: Reply | undefined): Promise<void> {
  if (reply !== undefined && typeof reply.body !== 'string') await reply.body.file.close();
}

/** @throws StorageError invalid when it is no JSON or more than a mebibyte */
export async function readJson(body: AsyncIterable<Buffer>): Promise<unknown> {
  const text = await readText(body, 1024 * 1024);
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new StorageError('invalid', 'Parse Error');
  }
}

export async function readText(body: AsyncIterable<Buffer>, limit: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > limit) throw new StorageError('invalid', 'Metadata part is too large.');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

export const json = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
  body: JSON.stringify(value),
});

export const empty = (status: number, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { 'content-length': '0', ...headers },
  body: '',
});

/** @throws StorageError invalid */
export function decode(component: string): string {
  try {
    return decodeURIComponent(component);
  } catch {
    throw new StorageError('invalid', 'Malformed percent-encoding in the URL.');
  }
}
