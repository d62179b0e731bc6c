import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { crc32c, crc32cToBase64 } from '#shared/crypto/crc32c.ts';
import { StorageError } from './storage-error.ts';

/** Bytes on their way in: already in a file, counted and hashed, not yet an object. */
export interface Incoming {
  readonly path: string;
  readonly size: number;
  /**
   * Writes the pieces as they come, holding one at a time.
   *
   * @param limits.skip bytes at the start that are here already
   * @param limits.until total size at which the rest is left unread
   * @param limits.max total size beyond which the upload is refused
   * @throws StorageError entity_too_large; whatever the source throws (what came before it is kept)
   */
  append(source: AsyncIterable<Buffer>, limits?: { skip?: number; until?: number; max?: number }): Promise<void>;
  /** The checksums of all of it, in base64. To be called once. */
  digests(): Digests;
  discard(): Promise<void>;
}

export interface Digests {
  readonly crc32c: string;
  readonly md5: string;
}

export function createIncoming(path: string): Incoming {
  const md5 = createHash('md5');
  let checksum = 0;
  let size = 0;
  return {
    path,
    get size() {
      return size;
    },
    async append(source, { skip = 0, until = Number.POSITIVE_INFINITY, max = Number.POSITIVE_INFINITY } = {}) {
      const file = await open(path, 'a', 0o600);
      try {
        let toSkip = skip;
        for await (const chunk of source) {
          const fresh = chunk.subarray(Math.min(toSkip, chunk.length));
          toSkip -= chunk.length - fresh.length;
          const piece = fresh.subarray(0, Math.max(0, until - size));
          if (size + piece.length > max)
            throw new StorageError('entity_too_large', 'Content-length exceeds upper bound on range');
          md5.update(piece);
          checksum = crc32c(piece, checksum);
          await file.appendFile(piece);
          size += piece.length;
        }
      } finally {
        await file.close();
      }
    },
    digests: () => ({ crc32c: crc32cToBase64(checksum), md5: md5.digest('base64') }),
    discard: () => rm(path, { force: true }),
  };
}

/** The bytes with one bit flipped, as a faulty line would deliver them. */
export async function* flipOneBit(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let flipped = false;
  for await (const chunk of source) {
    const copy = Buffer.from(chunk);
    const first = copy[0];
    if (!flipped && first !== undefined) {
      copy[0] = first ^ 1;
      flipped = true;
    }
    yield copy;
  }
}
