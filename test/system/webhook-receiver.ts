import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen, shut } from '#local/listen.ts';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape and assert what they find
  readonly event: any;
}

/** What a receiver answers to the nth request that it gets. */
export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'hang'
  | 'cut';

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** What it answers from now on. */
  answer: (received: Received) => Answer | Promise<Answer>;
  /** Listens no more: connections are refused. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  restart(): Promise<void>;
}

/** An endpoint on loopback that keeps what it gets. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const create = (): Server =>
    createServer(async (request, response) => {
      const body = await text(request);
      const one = { headers: request.headers, body, event: JSON.parse(body) };
      received.push(one);
      const answer = await receiver.answer(one);
      if (answer === 'hang') return;
      if (answer === 'cut') request.socket.destroy();
      else response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
    });
  let server = create();
  const port = await listen(server);
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    answer: () => ({ status: 204 }),
    stop: () => shut(server),
    async restart() {
      server = create();
      await listen(server, port);
    },
  };
  return receiver;
}
