import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Caller } from '#local/caller.ts';
import type { GrpcService } from '#local/grpc/answer.ts';
import { createConnections } from '#local/grpc/connections.ts';
import { createGrpcServer } from '#local/grpc/http2-server.ts';
import type { Databases } from './databases.ts';
import { createRest } from './rest.ts';

/** Firestore's documentation, "Quotas and limits": the largest request. */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
/** The first byte of HTTP/2's connection preface, `PRI * HTTP/2.0`; no HTTP/1.1 method that is served begins with it. */
const PREFACE = 'PRI';

export interface Listener {
  readonly address: string;
  close(): Promise<void>;
}

/** One loopback port for gRPC and for REST, as the emulator has it; every call is this caller's. */
export async function listen(service: GrpcService, databases: Databases, caller: Caller): Promise<Listener> {
  const connections = createConnections();
  const acceptGrpc = createGrpcServer(service, caller, MAX_REQUEST_BYTES);
  const rest = createRest(service, databases, caller);
  const server = createServer((socket) => {
    connections.add(socket);
    socket.setNoDelay(true);
    // Read and put back: both servers take a socket over with what it has received.
    socket.once('readable', () => {
      const first: Buffer | null = socket.read();
      if (first === null) return;
      socket.unshift(first);
      if (first.toString('latin1', 0, PREFACE.length) === PREFACE) acceptGrpc(socket);
      else rest.emit('connection', socket);
    });
  });
  const port = await listenOnLoopback(server);
  return {
    address: `127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      rest.close();
      connections.close();
      await closed;
    },
  };
}

async function listenOnLoopback(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}
