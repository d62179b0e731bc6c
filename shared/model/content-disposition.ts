/** Bytes of UTF-8. Most file systems allow 255. */
export const MAX_DOWNLOAD_NAME_BYTES = 255;

/** Characters that turn the direction of the text after them: `exe.pdf` may be shown for `fdp.exe`. */
const BIDI_CONTROL = /[\u202a-\u202e\u2066-\u2069]/;

/**
 * Validates the name under which a file is to be saved.
 * @returns the fault, or undefined for a valid name
 */
export function downloadNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (!name.isWellFormed()) return 'has a lone surrogate';
  if (Buffer.byteLength(name) > MAX_DOWNLOAD_NAME_BYTES)
    return `is longer than ${MAX_DOWNLOAD_NAME_BYTES} bytes of UTF-8`;
  if (/\p{Cc}|[\u2028\u2029]/u.test(name)) return 'has a control character';
  if (BIDI_CONTROL.test(name)) return 'has a character that turns the direction of text';
  if (/[/\\]/.test(name)) return 'has a slash or a backslash: it names a file, not a path';
  if (/^[. ]+$/.test(name)) return 'is made of dots and spaces';
  return undefined;
}

/** Octets that stand for themselves in an extended value (RFC 8187, section 3.2.1), beside letters and digits. */
const NOT_ATTRIBUTE_CHARACTERS = /['()*]/g;

/**
 * A Content-Disposition that saves a file under a name (RFC 6266). A name that is more than plain ASCII is given twice:
 * in `filename*` (RFC 8187) as it is, and in `filename`, for old programs, with underscores for what these misread.
 * @param name valid by `downloadNameFault`; undefined leaves the name to the browser
 */
export function attachment(name?: string): string {
  if (name === undefined) return 'attachment';
  const fallback = name.replace(/[^ -~]|["\\%]/gu, '_');
  const plain = `attachment; filename="${fallback}"`;
  return fallback === name ? plain : `${plain}; filename*=UTF-8''${extendedValue(name)}`;
}

const extendedValue = (text: string): string =>
  encodeURIComponent(text).replace(
    NOT_ATTRIBUTE_CHARACTERS,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
