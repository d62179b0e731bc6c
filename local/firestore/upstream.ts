import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { H2_CONNECTION_WINDOW, H2_SESSION_MEMORY_MB, H2_SETTINGS } from '#local/grpc/http2-limits.ts';

/** Requests to one h2c server over as few connections as its limit of concurrent streams allows. */
export interface Upstream {
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream;
  close(): void;
}

interface Connection {
  readonly session: ClientHttp2Session;
  open: number;
}

/**
 * Connects at once, so that the server's limit is known before the first request; later, whenever there is no room.
 *
 * @param target `host:port`
 * @throws the socket's error, if nobody listens there
 */
export async function connectUpstream(target: string): Promise<Upstream> {
  const connections = new Set<Connection>();
  let limit = Number.POSITIVE_INFINITY;

  const open = (): Connection => {
    const session = connect(`http://${target}`, { settings: H2_SETTINGS, maxSessionMemory: H2_SESSION_MEMORY_MB });
    const connection = { session, open: 0 };
    session.on('connect', () => session.setLocalWindowSize(H2_CONNECTION_WINDOW));
    session.on('remoteSettings', ({ maxConcurrentStreams }) => {
      limit = maxConcurrentStreams ?? limit;
    });
    // Its streams fail with the same error, and they are the ones with somebody to tell.
    session.on('error', () => undefined);
    session.on('goaway', () => connections.delete(connection));
    session.on('close', () => connections.delete(connection));
    connections.add(connection);
    return connection;
  };

  const withRoom = () => {
    for (const connection of connections) {
      const { session } = connection;
      if (!session.closed && !session.destroyed && connection.open < limit) return connection;
    }
    return open();
  };

  await once(open().session, 'remoteSettings');
  return {
    request(headers) {
      const connection = withRoom();
      const stream = connection.session.request(headers);
      connection.open += 1;
      stream.once('close', () => {
        connection.open -= 1;
      });
      return stream;
    },
    close() {
      for (const { session } of connections) session.destroy();
    },
  };
}
