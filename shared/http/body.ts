import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Fault, invalid } from '../model/errors.ts';
import { type JsonOptions, JsonSyntaxError, type ParsedJson, parseJson, UnsafeNumbersError } from '../model/json.ts';
import type { createDeadlines } from './deadlines.ts';

export interface BodyOptions extends JsonOptions {
  /** Bytes; a larger body is rejected as soon as its size is known, and not buffered. */
  readonly limit: number;
  /** Milliseconds within which the whole body must arrive. Default: what `bodyDeadline` gives for the limit. */
  readonly deadline?: number;
  /** Keeps the deadline. Default: a timer for each body. */
  readonly deadlines?: Pick<ReturnType<typeof createDeadlines>, 'set'>;
}

/** Milliseconds that every sender has, and the slowest line that is waited for, in bytes a millisecond (1.6 Mbit/s). */
const BASE_DEADLINE = 5_000;
const SLOWEST = 200;

/** A small body has seconds to arrive; ten mebibytes have most of a minute. */
export const bodyDeadline = (limit: number): number => BASE_DEADLINE + Math.ceil(limit / SLOWEST);

/**
 * Reads a request's body as JSON, before any other parser does. The body must have the declared type and be within the
 * limits of size and time, valid UTF-8, and I-JSON.
 * @throws Fault `unsupported_media_type`, `payload_too_large` or `invalid_request`
 */
export async function readJsonBody(request: IncomingMessage, options: BodyOptions): Promise<ParsedJson> {
  return parseBody(await readRawBody(request, options), options);
}

/** Reads the bytes of a body as JSON. @throws Fault `invalid_request` */
export function parseBody(bytes: Buffer, options: JsonOptions): ParsedJson {
  try {
    return parseJson(decodeUtf8(bytes), options);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw invalid([{ path: error.path, message: error.message }]);
    if (error instanceof UnsafeNumbersError) throw invalid(error.paths.map(beyondDoubles));
    throw error;
  }
}

/**
 * Reads a request's body of the declared type JSON as the bytes that were sent.
 * @throws Fault `unsupported_media_type`, `payload_too_large` or `invalid_request`
 */
export function readRawBody(request: IncomingMessage, options: Omit<BodyOptions, 'verbatim'>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    checkMediaType(request);
    readBytes(request, options, resolve, reject);
  });
}

const beyondDoubles = (path: string) => ({ path, message: 'is beyond ±(2^53 - 1): send it as a string' });

function checkMediaType(request: IncomingMessage): void {
  const { 'content-type': sent, 'content-encoding': encoding } = request.headers;
  if (sent === 'application/json' && encoding === undefined) return; // as almost everybody sends it
  const [type = '', ...parameters] = (sent ?? '').split(';').map((part) => part.trim());
  if (type.toLowerCase() !== 'application/json') {
    throw new Fault('unsupported_media_type', 'The body must be application/json.');
  }
  const charset = parameters.find((part) => /^charset=/i.test(part))?.slice('charset='.length);
  if (charset !== undefined && !/^"?utf-?8"?$/i.test(charset)) {
    throw new Fault('unsupported_media_type', 'The body must be UTF-8.');
  }
  if ((encoding ?? 'identity') !== 'identity') {
    throw new Fault('unsupported_media_type', 'The body must not be compressed.');
  }
}

/** Settles once: what happens to the request afterwards, its end included, means nothing here. */
function readBytes(
  request: IncomingMessage,
  { limit, deadline = bodyDeadline(limit), deadlines = OWN_TIMERS }: Omit<BodyOptions, 'verbatim'>,
  resolve: (bytes: Buffer) => void,
  reject: (fault: Fault) => void,
): void {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  let chunks: Buffer[] = [];
  let size = 0;
  let isSettled = false;
  const settle = () => {
    isSettled = true;
    due.cancel();
  };
  const fail = (fault: () => Fault) => {
    if (isSettled) return;
    settle();
    chunks = [];
    reject(fault());
  };
  const due = deadlines.set(deadline, () => fail(tooSlow));
  request.on('data', (chunk: Buffer) => {
    if (isSettled) return;
    size += chunk.length;
    if (size > limit) fail(() => tooLarge(limit));
    else chunks.push(chunk);
  });
  request.on('end', () => {
    if (isSettled) return;
    settle();
    const [only] = chunks;
    const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size);
    chunks = []; // the request lives as long as its connection is idle
    resolve(bytes);
  });
  request.on('close', () => fail(cutShort));
  request.on('error', leaveToClose); // `close` follows; a connection that breaks later is noticed by the response
}

const leaveToClose = () => undefined;

/** A timer for each body. */
const OWN_TIMERS: Pick<ReturnType<typeof createDeadlines>, 'set'> = {
  set(milliseconds, missed) {
    const timer = setTimeout(missed, milliseconds);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** JSON begins with two ASCII characters, unless it is one digit: a byte order mark or a NUL tells a wider encoding. */
function isWide(bytes: Buffer): boolean {
  const [first, second] = bytes;
  return first === 0 || second === 0 || (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe);
}

const cutShort = () => new Fault('invalid_request', 'The connection ended before the whole body was received.');

const tooSlow = () => new Fault('invalid_request', 'The body did not arrive in time.');

const tooLarge = (limit: number) => new Fault('payload_too_large', `The body may have at most ${limit} bytes.`);

const BYTE_ORDER_MARK = 0xfeff;

/** A byte order mark is skipped, as RFC 8259 (section 8.1) allows: editors and PowerShell write one. */
function decodeUtf8(bytes: Buffer): string {
  if (isWide(bytes)) throw invalid([{ path: '', message: 'is UTF-16 or UTF-32: send UTF-8' }]);
  if (!isUtf8(bytes)) throw invalid([{ path: '', message: 'is not valid UTF-8' }]);
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}
