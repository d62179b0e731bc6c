import type { ServerResponse } from 'node:http';

/** Ends the connection without a byte of an answer, as after a crash of the server or of what lies before it. */
export const disconnect = (response: ServerResponse): void => void response.socket?.destroy();

/** Sends an answer's head and half of its body, if it has one, then ends the connection: a premature close to clients. */
export function disconnectMidway(
  response: ServerResponse,
  answer: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string },
): void {
  if (answer.body === '') {
    disconnect(response);
    return;
  }
  const half = answer.body.slice(0, answer.body.length / 2);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) });
  response.flushHeaders();
  response.write(half, () => setImmediate(() => disconnect(response)));
}

/** The codes after which nothing of an answer arrives. Over HTTP a client without a token sends nothing, too. */
export const isDisconnect = (code: string): boolean => code === 'DISCONNECT' || code === 'TOKEN_UNAVAILABLE';
