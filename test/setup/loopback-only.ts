import { Socket } from 'node:net';

/**
 * Refuses every connection that would leave this machine, so that a test which forgets to point a client at a
 * stand-in fails at once, with the address, instead of reaching for Google.
 */
const connect = Socket.prototype.connect;
const LOOPBACK = /^(127\.|::1$|localhost$|\[::1\]$)/;

function target(args: unknown[]): string | undefined {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (typeof first === 'object' && first !== null) {
    if ('path' in first && first.path) return undefined;
    return 'host' in first && typeof first.host === 'string' ? first.host : 'localhost';
  }
  if (typeof first === 'string') return undefined;
  return typeof second === 'string' ? second : 'localhost';
}

function connectWithin(this: Socket, ...args: unknown[]): Socket {
  const host = target(args);
  if (host !== undefined && !LOOPBACK.test(host)) throw new Error(`a test tried to reach ${host}`);
  return Reflect.apply(connect, this, args);
}

// Files that share a worker come by here one after the other: once is enough.
if (connect.name !== connectWithin.name) Socket.prototype.connect = connectWithin as typeof connect;
