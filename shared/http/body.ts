import type { IncomingMessage } from 'node:http';
import { Fault, invalid } from '../model/errors.ts';
import { JsonSyntaxError, type ParsedJson, parseJson } from './json.ts';

/**
 * Reads a request's body as JSON, before any other parser does. The body must have the declared type and be within the
 * limit, valid UTF-8, and I-JSON.
 * @param limit bytes; a larger body is rejected as soon as its size is known, and not buffered
 * @throws Fault `unsupported_media_type`, `payload_too_large` or `invalid_request`
 */
export async function readJsonBody(request: IncomingMessage, limit: number): Promise<ParsedJson> {
  checkMediaType(request);
  const bytes = await readBytes(request, limit);
  try {
    return parseJson(decodeUtf8(bytes));
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw invalid([{ path: error.path, message: error.message }]);
    throw error;
  }
}

function checkMediaType(request: IncomingMessage): void {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').split(';').map((part) => part.trim());
  if (type.toLowerCase() !== 'application/json') {
    throw new Fault('unsupported_media_type', 'The body must be application/json.');
  }
  const charset = parameters.find((part) => /^charset=/i.test(part))?.slice('charset='.length);
  if (charset !== undefined && !/^"?utf-?8"?$/i.test(charset)) {
    throw new Fault('unsupported_media_type', 'The body must be UTF-8.');
  }
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new Fault('unsupported_media_type', 'The body must not be compressed.');
  }
}

async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    const stop = (error: Fault) => {
      request.off('data', onData);
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) return stop(tooLarge(limit));
      return chunks.push(chunk);
    };
    request.on('data', onData);
    request.once('end', () => resolve(Buffer.concat(chunks, size)));
    request.once('error', () =>
      stop(new Fault('invalid_request', 'The connection ended before the whole body was received.')),
    );
    request.once('close', () =>
      stop(new Fault('invalid_request', 'The connection ended before the whole body was received.')),
    );
  });
}

const tooLarge = (limit: number) => new Fault('payload_too_large', `The body may have at most ${limit} bytes.`);

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid([{ path: '', message: 'is not valid UTF-8' }]);
  }
}
