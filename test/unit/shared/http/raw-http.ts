import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { listen, shut } from '#local/listen.ts';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Listens on a free port until the test ends. */
export async function listening(server: Server): Promise<number> {
  const port = await listen(server);
  onTestFinished(() => shut(server));
  return port;
}

/**
 * Sends pieces of text or bytes as they are, and reads until the server closes the connection: for requests that no
 * HTTP client would send. Without `connection: close` in the request the server may keep it open.
 */
export async function sendRaw(port: number, ...pieces: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // The server may have answered and closed before it has read everything.
  socket.on('error', () => undefined);
  for (const piece of pieces) socket.write(piece);
  await once(socket, 'close');
  return parseAnswer(Buffer.concat(chunks).toString('latin1'));
}

function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
  });
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(headers),
    body: Buffer.from(rest.join('\r\n\r\n'), 'latin1').toString(),
  };
}
