import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Caller } from '#local/caller.ts';
import type { GrpcService } from './answer.ts';
import { createConnections } from './connections.ts';
import { createGrpcServer } from './http2-server.ts';

export interface GrpcListeners {
  /** `host:port` of the plaintext listener that takes every call as this account's. */
  address(email: string): string;
  close(): Promise<void>;
}

/** Serves one state of a service on a loopback port for each caller: the listener is the identity. */
export async function startGrpc(service: GrpcService): Promise<GrpcListeners> {
  const listeners = new Map<string, Listener>();
  for (const caller of service.callers) listeners.set(caller.email, await listen(service, caller));
  return {
    address(email) {
      const listener = listeners.get(email);
      if (listener === undefined) throw new TypeError(`${service.name} has no listener for ${email}`);
      return listener.address;
    },
    async close() {
      await Promise.all([...listeners.values()].map((listener) => listener.close()));
    },
  };
}

interface Listener {
  readonly address: string;
  close(): Promise<void>;
}

async function listen(service: GrpcService, caller: Caller): Promise<Listener> {
  const connections = createConnections();
  const accept = createGrpcServer(service, caller);
  const server = createServer((socket) => {
    connections.add(socket);
    socket.setNoDelay(true);
    accept(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return {
    address: `127.0.0.1:${address.port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      connections.close();
      await closed;
    },
  };
}
