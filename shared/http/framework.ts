import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';

/** functions-framework with a server that we control. */
export interface Framework {
  /** The framework's server, without its request listener. */
  readonly server: Server;
  /** Resolves when the framework invokes the function. The body of the request must have been read. */
  invoke(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/**
 * Registers a function and removes the framework's listener from its server, so that our server handles a request first:
 * the framework's parsers accept a gigabyte and report errors in HTML. The invoked function only resolves a promise, since
 * code inside the invocation runs in a node:domain, which costs a quarter of the throughput.
 */
export function createFramework(name: string): Framework {
  const waiting = new WeakMap<IncomingMessage, () => void>();
  http(name, (request) => waiting.get(request)?.());
  const server = getTestServer(name);
  const [listener] = server.listeners('request');
  if (listener === undefined)
    throw new TypeError('functions-framework has no request listener: its version is not supported');
  server.removeAllListeners('request');
  return {
    server,
    invoke: (request, response) =>
      new Promise((resolve) => {
        waiting.set(request, resolve);
        // The body is already read: without these headers the framework's parsers skip the request.
        for (const header of ['content-type', 'content-length', 'transfer-encoding', 'content-encoding']) {
          delete request.headers[header];
        }
        Reflect.apply(listener, server, [request, response]);
      }),
  };
}
