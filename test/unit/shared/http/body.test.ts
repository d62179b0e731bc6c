import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type BodyOptions, bodyDeadline, readJsonBody } from '#shared/http/body.ts';
import { toProblem } from '#shared/http/problem.ts';
import { listening, sendRaw } from './raw-http.ts';

const LIMIT = 100;

/** A server that answers what it has read, or the problem. */
function serve(options: Partial<BodyOptions> = {}): Promise<number> {
  const server = createServer((request, response) => {
    readJsonBody(request, { limit: LIMIT, ...options }).then(
      (parsed) => response.end(JSON.stringify(parsed)),
      (error: unknown) => {
        const { status, body } = toProblem(error, 'r');
        response.writeHead(status).end(JSON.stringify(body));
      },
    );
  });
  return listening(server);
}

async function post(body: string | Uint8Array<ArrayBuffer> | ReadableStream, headers: Record<string, string> = {}) {
  const port = await serve();
  const init = {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
    duplex: 'half' as const,
  };
  const response = await fetch(`http://127.0.0.1:${port}/`, init);
  const answer: unknown = await response.json();
  return { status: response.status, answer };
}

/** A body without a length, in pieces. */
const chunked = (...pieces: readonly string[]) =>
  ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece)));
const sized = (bytes: number) => `"${'a'.repeat(bytes - 2)}"`;
const read = (value: unknown) => ({ status: 200, answer: { value, inexact: [] } });
const problem = (status: number, code: string, more = {}) => ({
  status,
  answer: expect.objectContaining({ code, ...more }),
});

describe('readJsonBody', () => {
  it('reads JSON, and tells which numbers are no integers', async () => {
    expect(await post('{"a":"é😀","b":[1.0]}')).toEqual({
      status: 200,
      answer: { value: { a: 'é😀', b: [1] }, inexact: ['b.0'] },
    });
  });

  it.each([
    ['application/json'],
    ['APPLICATION/JSON'],
    ['application/json; charset=utf-8'],
    ['application/json;charset="UTF-8"'],
    ['application/json; profile=x; charset=utf8'],
  ])('takes %s', async (type) => {
    expect(await post('1', { 'content-type': type })).toEqual(read(1));
  });

  it.each([
    ['text/plain'],
    ['text/json'],
    ['application/jsonp'],
    ['application/problem+json'],
    ['application/json, text/plain'],
    ['application/x-www-form-urlencoded'],
    ['application/json; charset=iso-8859-1'],
    ['application/json; charset=utf-16'],
    ['application/json; charset='],
  ])('answers 415 to %s', async (type) => {
    expect(await post('1', { 'content-type': type })).toEqual(problem(415, 'unsupported_media_type'));
  });

  it('answers 415 to a body without a type', async () => {
    const port = await serve();
    const { status } = await sendRaw(
      port,
      'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1',
    );
    expect(status).toBe(415);
  });

  it.each([['gzip'], ['deflate'], ['br'], ['identity, gzip'], ['x']])(
    'answers 415 to the encoding %s',
    async (encoding) => {
      const body = new Uint8Array(gzipSync('1'));
      expect(await post(body, { 'content-encoding': encoding })).toEqual(problem(415, 'unsupported_media_type'));
    },
  );

  it('takes the encoding identity', async () => {
    expect(await post('1', { 'content-encoding': 'identity' })).toEqual(read(1));
  });

  it('takes as many bytes as the limit and no more, counted as bytes', async () => {
    expect(await post(sized(LIMIT))).toEqual(read('a'.repeat(98)));
    expect(await post(sized(LIMIT + 1))).toEqual(problem(413, 'payload_too_large'));
    expect(await post(`"${'é'.repeat(49)}"`)).toEqual(read('é'.repeat(49)));
    expect(await post(`"${'é'.repeat(49)}a"`)).toEqual(problem(413, 'payload_too_large'));
  });

  it('counts a body without a length', async () => {
    const whole = sized(LIMIT);
    expect(await post(chunked(whole.slice(0, 50), whole.slice(50)))).toEqual(read('a'.repeat(98)));
    expect(await post(chunked(whole.slice(0, 50), whole.slice(50), ' '))).toEqual(problem(413, 'payload_too_large'));
  });

  it('refuses by the length alone, before the body is sent', async () => {
    const port = await serve();
    const head = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${LIMIT + 1}\r\n\r\n`;
    expect((await sendRaw(port, head)).status).toBe(413);
  });

  it('answers a caller who sends megabytes too many', async () => {
    const megabyte = 'a'.repeat(1024 * 1024);
    expect(await post(megabyte.repeat(8))).toEqual(problem(413, 'payload_too_large'));
    expect(await post(chunked(...Array<string>(8).fill(megabyte)))).toEqual(problem(413, 'payload_too_large'));
  });

  it.each([
    ['a byte that never occurs', [0x22, 0xff, 0x22]],
    ['a character cut off', [0x22, 0xc3, 0x22]],
    ['an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['UTF-16', [0x22, 0x00, 0x61, 0x00, 0x22, 0x00]],
  ])('answers 400 to %s', async (_name, bytes) => {
    const answer = await post(Uint8Array.from(bytes));
    expect(answer).toEqual(problem(400, 'invalid_request', { errors: [{ path: '', message: expect.any(String) }] }));
  });

  it.each([
    ['', ''],
    ['   ', ''],
    ['{"a":', 'a'],
    ['\ufeff', ''],
    ['\ufeff\ufeff{}', ''],
    ['{\ufeff}', ''],
    ['{"a":{"b":1,"b":2}}', 'a.b'],
    ["{'a':1}", ''],
  ])('answers 400 to %j with the path', async (body, path) => {
    expect(await post(body)).toEqual(
      problem(400, 'invalid_request', { errors: [{ path, message: expect.any(String) }] }),
    );
  });

  it.each(['{"a":1}', ' {"a":1}', '"a"', '1'])('skips a byte order mark before %j', async (body) => {
    const plain = await post(body);
    expect(plain.status).toBe(200);
    expect(await post(`\ufeff${body}`)).toEqual(plain);
  });

  it('keeps a byte order mark within a string', async () => {
    expect(await post('"\ufeffa"')).toMatchObject({ status: 200, answer: { value: '\ufeffa' } });
  });

  const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16();
  const wide = (text: string) => Buffer.from(text, 'utf16le');
  it.each([
    ['UTF-16, little-endian, with a mark', wide('\ufeff{"a":1}')],
    ['UTF-16, big-endian, with a mark', swapped(wide('\ufeff{"a":1}'))],
    ['UTF-16, little-endian', wide('{"ä":1}')],
    ['UTF-16, big-endian', swapped(wide('{"ä":1}'))],
    ['UTF-32, little-endian', Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0, 0x7d, 0, 0, 0])],
    ['UTF-32, big-endian', Buffer.from([0, 0, 0, 0x7b, 0, 0, 0, 0x7d])],
  ])('says what is wrong with %s', async (_name, bytes) => {
    expect(await post(Uint8Array.from(bytes))).toEqual(
      problem(400, 'invalid_request', { errors: [{ path: '', message: 'is UTF-16 or UTF-32: send UTF-8' }] }),
    );
  });

  it('joins a character that the network has cut', async () => {
    const port = await serve();
    const head =
      'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const bytes = Buffer.from('"😀"');
    const pieces = [bytes.subarray(0, 3), bytes.subarray(3)].map((piece) =>
      Buffer.concat([Buffer.from(`${piece.length}\r\n`), piece, Buffer.from('\r\n')]),
    );
    expect((await sendRaw(port, head, ...pieces, '0\r\n\r\n')).body).toContain('"value":"😀"');
  });

  it('waits for a body as long as its deadline and no longer', async () => {
    const port = await serve({ deadline: 40 });
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n';
    for (const half of [
      'Content-Length: 10\r\n\r\n"half',
      'Transfer-Encoding: chunked\r\n\r\n1\r\n"\r\n',
      'Content-Length: 3\r\n\r\n',
    ]) {
      const { status, body } = await sendRaw(port, `${head}${half}`);
      expect(status).toBe(400);
      expect(body).toContain('did not arrive in time');
    }
  });

  it('gives small bodies seconds and large ones less than a minute', () => {
    expect(bodyDeadline(64 * 1024)).toBeLessThan(6_000);
    expect(bodyDeadline(10 * 1024 * 1024)).toBeLessThan(60_000);
  });
});
