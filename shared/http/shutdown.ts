import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';

/** How long a server that shuts down waits. Cloud Run kills a container ten seconds after SIGTERM. */
export interface ShutdownTimes {
  /** Milliseconds for requests in flight; what is still open then is cut. */
  readonly requests: number;
  /** Milliseconds without a new connection or request after which nothing is taken to be on its way any more. */
  readonly quiet: number;
  /** Milliseconds between two looks for connections that have become idle. */
  readonly sweep: number;
}

const TIMES: ShutdownTimes = { requests: 7_000, quiet: 100, sweep: 50 };

/** For how many times `quiet` clients that do not stop sending are still served. */
const QUIET_TRIES = 10;

/**
 * Prepares a server for an end in order. The returned function stops it: every response from then on says
 * `Connection: close`. What clients have already sent waits in the kernel, unread or not even accepted, and would be
 * lost: so connections are accepted until none comes any more. Then idle ones are closed until none is left, since one
 * may become idle at any time and would stay open for as long as keep-alive allows. A client that neither sends nor
 * reads is cut when the time for requests in flight is over.
 * @returns resolves when no connection is left
 */
export function prepareShutdown(server: Server, times: ShutdownTimes = TIMES): () => Promise<void> {
  /** The latest response of each connection: an earlier one that is not sent yet must not close it. */
  const latest = new Map<Socket, ServerResponse>();
  let stopping: Promise<void> | undefined;
  let arrivals = 0;
  const sayClose = (response: ServerResponse) => {
    if (!response.headersSent) response.setHeader('connection', 'close');
  };
  server.on('connection', (socket: Socket) => {
    arrivals += 1;
    socket.once('close', () => latest.delete(socket));
  });
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    arrivals += 1;
    latest.set(socket, response);
    if (stopping !== undefined) sayClose(response);
  });
  const untilQuiet = async (): Promise<void> => {
    for (let [tries, before] = [0, -1]; tries < QUIET_TRIES && arrivals !== before; tries += 1) {
      before = arrivals;
      await sleep(times.quiet);
      // A busy process comes to its timers late: a turn of the event loop accepts, and the next one reads.
      await turn();
      await turn();
    }
  };
  const stop = async (): Promise<void> => {
    for (const response of latest.values()) sayClose(response);
    const cut = setTimeout(() => server.closeAllConnections(), times.requests);
    await untilQuiet();
    const sweep = setInterval(() => server.closeIdleConnections(), times.sweep);
    try {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    } finally {
      clearInterval(sweep);
      clearTimeout(cut);
    }
  };
  return () => {
    stopping ??= stop();
    return stopping;
  };
}
