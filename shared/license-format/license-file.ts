/** The lines around the base64 of a licence file. */
const LICENSE_FILE_BEGIN = '-----BEGIN COUNTERSIGN LICENSE-----';
const LICENSE_FILE_END = '-----END COUNTERSIGN LICENSE-----';

/** Milliseconds for which a licence file works at most, from its signing on. */
export const LONGEST_FILE = 366 * 86_400_000;

/** What is in a licence file: the signed licence, and the signed key list of its day with the root's statement. */
export interface LicenseFile {
  readonly license: unknown;
  readonly root: unknown;
  readonly list: unknown;
}

/**
 * A licence as a block of text for machines without a network: base64 of the JSON of `{license, root, list}` in lines of
 * 64 characters, as RFC 7468 has it for keys. It verifies with the pinned root key alone.
 */
export function writeLicenseFile({ license, root, list }: LicenseFile): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ license, root, list }));
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return [LICENSE_FILE_BEGIN, ...(base64.match(/.{1,64}/g) ?? []), LICENSE_FILE_END, ''].join('\n');
}
