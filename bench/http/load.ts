import { connect } from 'node:net';

export interface Load {
  readonly port: number;
  readonly connections: number;
  /** What is sent, as whole HTTP requests. */
  readonly requests: readonly string[];
  /** How many requests are sent, the list as often as needed. */
  readonly count: number;
  /** Whether the answers' bodies are wanted. */
  readonly keep: boolean;
}

export interface LoadResult {
  /** Milliseconds from the first request to the last answer. */
  readonly elapsed: number;
  /** How many answers there were of each status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Of answers that are not 2xx, the first of each status. */
  readonly refusals: Readonly<Record<number, string>>;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly bodies: readonly string[];
}

/** The status that is counted for a request whose connection broke before its answer. */
const BROKEN = 0;

/**
 * The client's side: keep-alive connections that each send their next request when they have their answer. It writes and
 * reads HTTP by hand, since a client library would need more of the machine than the server. A connection that breaks is
 * counted with status 0 and opened again, as is one that the server closes with its answer.
 */
export async function sendAll({ port, connections, requests, count, keep }: Load): Promise<LoadResult> {
  const statuses: Record<number, number> = {};
  const refusals: Record<number, string> = {};
  const latencies: number[] = [];
  const bodies: string[] = [];
  const begun = performance.now();
  let next = 0;

  function take({ status, body }: Pick<Answer, 'status' | 'body'>): void {
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status < 200 || status > 299) refusals[status] ??= body;
    if (keep) bodies.push(body);
  }

  /** Asks until there is nothing left to ask, on as many sockets as that takes. */
  function converse(done: () => void): void {
    let received = Buffer.alloc(0);
    let sentAt: number | undefined;
    let connected = false;
    const ask = () => {
      connected = true;
      if (next >= count) {
        socket.end();
        return;
      }
      const request = requests[next % requests.length] ?? '';
      next += 1;
      sentAt = performance.now();
      socket.write(request);
    };
    const socket = connect(port, '127.0.0.1', ask).setNoDelay(true);
    let failure = 'the server closed the connection';
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const answer = wholeAnswer(received);
      if (answer === undefined || sentAt === undefined) return;
      received = Buffer.alloc(0);
      latencies.push((performance.now() - sentAt) * 1000);
      sentAt = undefined;
      take(answer);
      if (answer.last) socket.end();
      else ask();
    });
    socket.once('error', (error) => {
      failure = error.message;
    });
    socket.once('close', () => {
      // A request that found no server: so a load ends when its server is gone.
      if (!connected && next < count) {
        next += 1;
        take({ status: BROKEN, body: failure });
      }
      if (sentAt !== undefined) take({ status: BROKEN, body: failure });
      if (next < count) converse(done);
      else done();
    });
  }

  await Promise.all(Array.from({ length: connections }, () => new Promise<void>(converse)));
  latencies.sort((a, b) => a - b);
  const quantile = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN;
  return {
    elapsed: performance.now() - begun,
    ...{ statuses, refusals, bodies, p50: quantile(0.5), p99: quantile(0.99) },
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  /** Whether the server closes the connection after it. */
  readonly last: boolean;
}

/** An answer with a content-length, as all of ours have; undefined until all of it is there. */
function wholeAnswer(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  if (bytes.length < end + 4 + length) return undefined;
  return {
    status: Number(head.slice(9, 12)),
    body: bytes.toString('utf8', end + 4, end + 4 + length),
    last: /\r\nconnection: *close/i.test(head),
  };
}

/** A POST of JSON as it is sent. */
export function post(path: string, body: object, token?: string): string {
  const text = JSON.stringify(body);
  const authorization = token === undefined ? '' : `authorization: Bearer ${token}\r\n`;
  return (
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench\r\ncontent-type: application/json\r\n` +
    `${authorization}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  );
}

/** A GET as it is sent. */
export const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench\r\n\r\n`;
