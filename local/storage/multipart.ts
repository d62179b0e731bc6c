import { readText } from './http.ts';
import { StorageError } from './storage-error.ts';

const METADATA_LIMIT = 1024 * 1024;

export interface RelatedParts {
  readonly metadata: unknown;
  readonly contentType: string | undefined;
  /** The second part, to be read once, while it still comes in. */
  readonly media: AsyncIterable<Buffer>;
}

/**
 * The two parts of a multipart/related upload (RFC 2387): JSON metadata, then the media, of which never more than a
 * piece is held.
 *
 * @throws StorageError invalid, from `media` too when the closing delimiter does not come
 */
export async function readRelated(contentType: string, body: AsyncIterable<Buffer>): Promise<RelatedParts> {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw new StorageError('invalid', 'Multipart must have a boundary.');
  const delimiter = `\r\n--${boundary}`;
  const upTo = createSplitter(body);

  await readText(upTo(delimiter), METADATA_LIMIT);
  await readText(upTo('\r\n\r\n'), METADATA_LIMIT);
  const metadata = await readText(upTo(delimiter), METADATA_LIMIT);
  const head = await readText(upTo('\r\n\r\n'), METADATA_LIMIT);
  try {
    return {
      metadata: JSON.parse(metadata),
      contentType: /^content-type:\s*(\S.*?)\s*$/im.exec(head)?.[1],
      media: upTo(delimiter),
    };
  } catch {
    throw new StorageError('invalid', 'Parse Error');
  }
}

/** Cuts a stream of bytes at delimiters: each call yields what comes before the next one, which it swallows. */
export function createSplitter(body: AsyncIterable<Buffer>): (delimiter: string) => AsyncGenerator<Buffer> {
  const source = body[Symbol.asyncIterator]();
  // As if a line had ended before the body, so that the first delimiter is like all others.
  let held = Buffer.from('\r\n');
  return async function* upTo(delimiter) {
    while (true) {
      const at = held.indexOf(delimiter);
      if (at >= 0) {
        const piece = held.subarray(0, at);
        held = held.subarray(at + delimiter.length);
        if (piece.length > 0) yield piece;
        return;
      }
      // The end of what is here may be the start of a delimiter.
      const safe = Math.max(0, held.length - delimiter.length + 1);
      const piece = held.subarray(0, safe);
      held = held.subarray(safe);
      if (piece.length > 0) yield piece;
      const next = await source.next();
      if (next.done === true) throw new StorageError('invalid', 'Malformed multipart body.');
      held = Buffer.concat([held, next.value]);
    }
  };
}
