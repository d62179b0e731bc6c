import type { Socket } from 'node:net';

/** The open sockets of a listener by their peer, so that a fault can cut the one that carries a call. */
export interface Connections {
  add(socket: Socket): void;
  /** @param peer `host:port` as gRPC names the other end of a call */
  cut(peer: string): void;
  close(): void;
}

export function createConnections(): Connections {
  const open = new Map<string, Socket>();
  return {
    add(socket) {
      const peer = `${socket.remoteAddress}:${socket.remotePort}`;
      open.set(peer, socket);
      socket.on('close', () => open.delete(peer));
      socket.on('error', () => socket.destroy());
    },
    cut: (peer) => open.get(peer)?.destroy(),
    close() {
      for (const socket of open.values()) socket.destroy();
    },
  };
}
