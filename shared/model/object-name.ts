/** Bytes of UTF-8 that a caller's part of an object's name may have; Cloud Storage takes 1,024 for all of it. */
export const MAX_FILENAME_BYTES = 900;
export const MAX_OBJECT_NAME_BYTES = 1024;

const CONTROL = /\p{Cc}/u;

/**
 * Why a text cannot be the caller's part of an object's name. Dot segments and empty ones are refused since clients
 * and proxies collapse them before they send, and so would ask for another object than the one that was signed.
 * Nothing is normalised: NFC and NFD stay two names, as they are to Cloud Storage.
 *
 * @returns what is wrong with it, or undefined
 * @see https://cloud.google.com/storage/docs/objects#naming
 */
export function filenameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (!name.isWellFormed()) return 'has a lone surrogate';
  if (Buffer.byteLength(name) > MAX_FILENAME_BYTES) return `is longer than ${MAX_FILENAME_BYTES} bytes of UTF-8`;
  if (CONTROL.test(name)) return 'has a control character';
  const segments = name.split('/');
  if (segments.includes('')) return 'has an empty segment: it begins or ends with a slash, or has two in a row';
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'has a segment `.` or `..`';
  return undefined;
}
