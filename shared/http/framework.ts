import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';

/**
 * Registers a function with functions-framework and gives it the framework's server, on which the function itself answers:
 * the framework's own listener is taken off. That one is Express with body parsers that accept a gigabyte and report errors
 * in HTML, and a node:domain for each request. All of that happens before a function is called, so by then nothing of
 * it could still serve a request whose body has been read, limited and checked; and it costs two bare requests
 * (docs/benchmarks.md).
 */
export function createFrameworkServer(
  name: string,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  http(name, listener);
  const server = getTestServer(name);
  server.removeAllListeners('request');
  server.on('request', listener);
  return server;
}
