import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeLicenseFile } from '#shared/license-format/license-file.ts';
import { createSeats, defaultTerms, problem, type Reply } from './seats.ts';
import { type Claims, type Key, type Keys, keyDocument } from './signing.ts';

/** A licence server that does as it is told: real HTTP, real signatures, leases of seconds, and faults on request. */
export interface Received {
  readonly path: string;
  readonly body: Claims;
  /** The header of that name. */
  readonly authorization: string | undefined;
  /** Milliseconds since the server was started. */
  readonly at: number;
}

/** `hang`: no answer. `reset`: the connection is cut. */
type Misanswer = Reply | 'hang' | 'reset' | undefined;
/** A promise: the answer, also the good one, comes when that is settled. */
export type Fault = (request: Received) => Misanswer | Promise<Misanswer>;

const LICENSES = '/api/v1/licenses/';

export async function startServer(keys: Keys) {
  const begun = performance.now();
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const terms = defaultTerms();
  const state = {
    fault: undefined as Fault | undefined,
    signer: keys.first,
    claims: {} as Claims,
    document: keyDocument(keys, [keys.first], 10, Date.now()),
    canSign: true,
  };
  const seats = createSeats(terms, state);
  const actions: Readonly<Record<string, (body: Claims) => Reply>> = {
    acquire: seats.acquire,
    borrow: seats.borrow,
    heartbeat: seats.heartbeat,
    release: seats.release,
    'queue/leave': seats.leaveQueue,
  };

  function answer({ path, body }: Received): Reply {
    if (path === '/.well-known/countersign-keys.json')
      return { status: 200, body: state.document, headers: { 'cache-control': 'public, max-age=300' } };
    const action = path.startsWith(LICENSES) ? actions[path.slice(LICENSES.length)] : undefined;
    return action?.(body) ?? problem(404, 'not_found');
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const path = request.url ?? '';
    const one: Received = {
      path,
      body: text === '' ? {} : JSON.parse(text),
      authorization: request.headers.authorization,
      at: performance.now() - begun,
    };
    received.push(one);
    for (const look of waiting) look();
    const reply = (await state.fault?.(one)) ?? answer(one);
    if (reply === 'hang') return;
    if (reply === 'reset') return void request.socket.resetAndDestroy();
    const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    const type = typeof reply.body === 'string' ? 'text/html' : 'application/json';
    response.writeHead(reply.status, { 'content-type': type, ...reply.headers }).end(body);
  }

  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const of = (action: string) => received.filter(({ path }) => path.endsWith(`/${action}`));

  return {
    url: `http://127.0.0.1:${address.port}`,
    keys,
    terms,
    state,
    received,
    /** Requests of one kind so far. */
    of,
    sessions: seats.sessions,
    live: () => seats.sessions().length,
    waiting: seats.waiting,
    end: seats.end,
    dropTickets: seats.dropTickets,
    /** The text of a licence file, with a seat that is borrowed for this machine. */
    file(hardware: string, seconds: number): string {
      return writeLicenseFile({ license: seats.borrowFor(hardware, seconds), ...state.document });
    },
    /** Waits until so many requests of a kind have come in all, for a minute at most. */
    until(action: string, total: number): Promise<void> {
      return new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          clearTimeout(late);
          waiting.delete(look);
          settle();
        };
        const seen = () => received.map(({ path, at }) => `${Math.round(at)} ms ${path}`).join(', ');
        const late = setTimeout(
          () => end(() => reject(new Error(`${of(action).length} of ${total} x ${action} came: ${seen()}`))),
          60_000,
        );
        const look = () => {
          if (of(action).length >= total) end(resolve);
        };
        waiting.add(look);
        look();
      });
    },
    /** Serves a list with these keys under this number. */
    publish(listed: readonly Key[], sequence: number) {
      state.document = keyDocument(keys, listed, sequence, Date.now());
    },
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export type ScriptedServer = Awaited<ReturnType<typeof startServer>>;
export { problem as refused } from './seats.ts';
