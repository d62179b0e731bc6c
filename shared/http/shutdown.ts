import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** How long a server that shuts down waits. Cloud Run kills a container ten seconds after SIGTERM. */
export interface ShutdownTimes {
  /** Milliseconds for requests in flight; what is still open then is cut. */
  readonly requests: number;
  /** Milliseconds between two looks for connections that have become idle. */
  readonly sweep: number;
}

const TIMES: ShutdownTimes = { requests: 7_000, sweep: 50 };

/**
 * Prepares a server for an end in order. The returned function stops it: it accepts no connection any more, every
 * response from then on says `Connection: close`, and idle connections are closed until none is left, since one may
 * become idle at any time and would stay open for as long as keep-alive allows. A client that neither sends nor reads
 * is cut when the time for requests in flight is over.
 * @returns resolves when no connection is left
 */
export function prepareShutdown(server: Server, times: ShutdownTimes = TIMES): () => Promise<void> {
  const open = new Set<ServerResponse>();
  let stopping: Promise<void> | undefined;
  const sayClose = (response: ServerResponse) => {
    if (!response.headersSent) response.setHeader('connection', 'close');
  };
  server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    if (stopping !== undefined) sayClose(response);
  });
  const stop = async (): Promise<void> => {
    for (const response of open) sayClose(response);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const sweep = setInterval(() => server.closeIdleConnections(), times.sweep);
    const cut = setTimeout(() => server.closeAllConnections(), times.requests);
    server.closeIdleConnections();
    try {
      await closed;
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
