/** Maximum UTF-8 bytes of the caller's part of an object name; Cloud Storage allows 1,024 for the whole name. */
export const MAX_FILENAME_BYTES = 900;
export const MAX_OBJECT_NAME_BYTES = 1024;

/** In whose place Cloud Storage puts the name of the file that a form sends. */
export const FILENAME_PLACEHOLDER = `\${filename}`;

const CONTROL = /\p{Cc}/u;

/**
 * Validates the caller's part of an object name. Dot segments and empty segments are invalid: clients and proxies collapse
 * them before they send, and would request another object than the signed one. Names are not normalised: NFC and NFD are
 * different names in Cloud Storage.
 *
 * @returns the fault, or undefined for a valid name
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
