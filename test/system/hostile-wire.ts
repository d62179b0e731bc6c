import { connect } from 'node:net';

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How long to wait for a server that says nothing more. */
const PATIENCE_MILLISECONDS = 20_000;

/**
 * Sends bytes as they are and reads every answer until the server closes the connection.
 * @param method of the request, since the answer to a HEAD has no body whatever it says of its length
 * @param hangUp whether to end our side after the last byte, as a client does that has gone
 */
export async function sendBytes(
  port: number,
  bytes: Uint8Array,
  method: string,
  hangUp: boolean,
): Promise<WireAnswer[]> {
  const chunks: Buffer[] = [];
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.setTimeout(PATIENCE_MILLISECONDS, () => reject(new Error('the server neither answers nor closes')));
    socket.on('data', (chunk) => chunks.push(chunk));
    // The server may have answered and closed before it has read everything.
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
    if (hangUp) socket.end(bytes);
    else socket.write(bytes);
  }).finally(() => socket.destroy());
  return parse(Buffer.concat(chunks), method);
}

function parse(bytes: Buffer, method: string): WireAnswer[] {
  const answers: WireAnswer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`no HTTP: ${rest.toString('latin1').slice(0, 200)}`);
    const [statusLine = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const bodiless = (answers.length === 0 && method === 'HEAD') || status === 304 || status < 200;
    const length = bodiless ? 0 : Number(headers['content-length'] ?? 0);
    const from = end + 4;
    // Only Node's bare refusals come in chunks, and they are empty.
    const empty = headers['transfer-encoding'] === 'chunked' && rest.subarray(from).indexOf('0\r\n\r\n') === 0 ? 5 : 0;
    // What says to go on is no answer yet.
    if (status >= 200) answers.push({ status, headers, body: rest.subarray(from, from + length).toString() });
    rest = rest.subarray(from + length + empty);
  }
  return answers;
}
