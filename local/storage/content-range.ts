import { StorageError } from './storage-error.ts';

/** What a part of a resumable upload says about itself; `end` is inclusive. */
export type ContentRange =
  | { readonly kind: 'query'; readonly total: number | undefined }
  /** Without `end`: everything from `start` to the object's end. */
  | {
      readonly kind: 'data';
      readonly start: number;
      readonly end: number | undefined;
      readonly total: number | undefined;
    };

/**
 * A part, the rest from an offset on, or the question how far the upload is, each with the object's size or a star for
 * it (RFC 9110 section 14.4, and its use by resumable uploads). No header means all of it. A client that chunks an
 * empty file sends `bytes 0--1/0`.
 *
 * @throws StorageError invalid
 */
export function parseContentRange(header: string | undefined): ContentRange {
  if (header === undefined) return { kind: 'data', start: 0, end: undefined, total: undefined };
  const [, start, end, total] = /^bytes (?:\*|(\d+)-(-1|\d+|\*))\/(\d+|\*)$/.exec(header.trim()) ?? [];
  if (total === undefined) throw new StorageError('invalid', 'Failed to parse Content-Range header.');
  const size = total === '*' ? undefined : Number(total);
  if (start === undefined || end === undefined) return { kind: 'query', total: size };
  return { kind: 'data', start: Number(start), end: end === '*' ? undefined : Number(end), total: size };
}
