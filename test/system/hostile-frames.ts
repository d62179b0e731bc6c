import { gzipSync } from 'node:zlib';

/** Puts a request together. @param head its first line and its headers, each with its CR and LF */
export type Frame = (head: string, body: Buffer) => Buffer;

const LATIN = (text: string) => Buffer.from(text, 'latin1');
/** As it should be. */
export const framed: Frame = (head, body) =>
  Buffer.concat([LATIN(`${head}${body.length > 0 ? `Content-Length: ${body.length}\r\n` : ''}\r\n`), body]);
const chunkedAs = (chunks: (body: Buffer) => Buffer) => (head: string, body: Buffer) =>
  Buffer.concat([LATIN(`${head}Transfer-Encoding: chunked\r\n\r\n`), chunks(body)]);

/** What can be wrong with a whole body. */
export const BODIES: Readonly<Record<string, (json: Buffer) => Buffer>> = {
  nothing: () => Buffer.alloc(0),
  spaces: () => Buffer.from(' \n\t'),
  truncated: (json) => json.subarray(0, -1),
  'cut in half': (json) => json.subarray(0, json.length / 2),
  'with more after it': (json) => Buffer.concat([json, Buffer.from(' {}')]),
  'with a comma at its end': (json) => Buffer.from(json.toString().replace(/}$/, ',}')),
  'with a byte order mark': (json) => Buffer.concat([Buffer.from('\ufeff'), json]),
  'in UTF-16': (json) => Buffer.from(json.toString(), 'utf16le'),
  'in single quotes': (json) => Buffer.from(json.toString().replaceAll('"', "'")),
  'with bytes that are no UTF-8': (json) =>
    Buffer.concat([Buffer.from('{"'), Buffer.from([0xff, 0xc0, 0xaf]), Buffer.from('":1,'), json.subarray(1)]),
  gzipped: (json) => gzipSync(json),
  'an array': (json) => Buffer.from(`[${json}]`),
  'a string': (json) => Buffer.from(JSON.stringify(json.toString())),
  'a form': () => Buffer.from('a=1&__proto__[b]=2'),
  'too large': () => Buffer.from(`{"a":"${'a'.repeat(1_100_000)}"}`),
  deep: () => Buffer.from('[['.repeat(20_000)),
  zeros: () => Buffer.alloc(1000),
};

/** What can be wrong with where a request's parts begin and end. */
export const FRAMES: Readonly<Record<string, Frame>> = {
  'in chunks of one byte': chunkedAs((body) =>
    Buffer.concat(
      [...body.subarray(0, 500)]
        .map((byte) => Buffer.concat([LATIN('1\r\n'), Buffer.from([byte]), LATIN('\r\n')]))
        .concat(LATIN('0\r\n\r\n')),
    ),
  ),
  'with a chunk extension and a trailer': chunkedAs((body) =>
    Buffer.concat([
      LATIN(`${body.length.toString(16)};a=b\r\n`),
      body,
      LATIN('\r\n0\r\nAuthorization: Bearer x\r\n\r\n'),
    ]),
  ),
  'with a chunk of no length': chunkedAs((body) => Buffer.concat([LATIN('zz\r\n'), body, LATIN('\r\n0\r\n\r\n')])),
  'with a chunk of an immense length': chunkedAs((body) => Buffer.concat([LATIN('ffffffffffffffffff\r\n'), body])),
  'with two lengths': (head, body) => framed(`${head}Content-Length: 1\r\n`, body.length > 0 ? body : LATIN('{}')),
  'with a length and chunks': (head, body) =>
    Buffer.concat([
      LATIN(`${head}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
      body,
    ]),
  'with a length below zero': (head, body) => Buffer.concat([LATIN(`${head}Content-Length: -1\r\n\r\n`), body]),
  'with a length that is no number': (head, body) => Buffer.concat([LATIN(`${head}Content-Length: 1e3\r\n\r\n`), body]),
  'shorter than its length': (head, body) =>
    Buffer.concat([LATIN(`${head}Content-Length: ${body.length + 10}\r\n\r\n`), body]),
  'longer than its length': (head, body) =>
    Buffer.concat([LATIN(`${head}Content-Length: ${Math.max(0, body.length - 3)}\r\n\r\n`), body]),
  'larger than any length': (head) => LATIN(`${head}Content-Length: 99999999999\r\n\r\n{`),
  'with another transfer encoding': (head, body) =>
    Buffer.concat([LATIN(`${head}Transfer-Encoding: gzip\r\n\r\n`), body]),
  'with a transfer encoding in disguise': (head, body) =>
    Buffer.concat([LATIN(`${head}Transfer-Encoding : chunked\r\n\r\n`), body]),
  'with a folded header': (head, body) => framed(`${head}X-A: b\r\n c\r\n`, body),
  'with a zero byte in a header': (head, body) => framed(`${head}X-A: b\0c\r\n`, body),
  'with lines that end without CR': (head, body) => framed(head.replaceAll('\r\n', '\n'), body),
  'without a host': (head, body) => framed(head.replace(/Host: .*\r\n/, ''), body),
  'in HTTP/1.0': (head, body) => framed(head.replace('HTTP/1.1', 'HTTP/1.0'), body),
  'in HTTP/9.9': (head, body) => framed(head.replace('HTTP/1.1', 'HTTP/9.9'), body),
  'with a header too large': (head, body) => framed(`${head}X-A: ${'a'.repeat(70_000)}\r\n`, body),
  'with a thousand headers': (head, body) => framed(`${head}${'X-A: b\r\n'.repeat(1000)}`, body),
  'with a method of its own': (head, body) => framed(head.replace(/^\S+/, 'HACK'), body),
  'with a space in its path': (head, body) => framed(head.replace(' HTTP', ' x HTTP'), body),
  'as HTTP/2': () => LATIN('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  'as TLS': () => Buffer.from('16030100a5010000a10303000102030405060708090a0b0c0d0e0f', 'hex'),
  'as noise': (head) => Buffer.from(head, 'base64'),
};
