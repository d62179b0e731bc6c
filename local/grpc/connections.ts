import type { Socket } from 'node:net';

/** The open sockets of a listener. */
export interface Connections {
  add(socket: Socket): void;
  close(): void;
}

export function createConnections(): Connections {
  const open = new Set<Socket>();
  return {
    add(socket) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => socket.destroy());
    },
    close() {
      for (const socket of open) socket.destroy();
    },
  };
}
