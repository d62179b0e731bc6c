import type { Server } from 'node:http';

/** Connections that may wait to be accepted: thousands of machines may come at the same moment, Node's default is 511. */
const BACKLOG = 4_096;

/** Listens on loopback and returns the port. @throws Error that names the port and what to do when it is taken */
export function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken
          ? new Error(`Port ${port} is in use. End what listens there, or choose another: PORT=8081 npm start`)
          : error,
      );
    });
    server.listen(port, '127.0.0.1', BACKLOG, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Stops listening and ends every connection. */
export function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
