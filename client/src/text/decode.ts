/**
 * The text of a file as Windows, mail programs and editors write it: UTF-8 or UTF-16 of either byte order, with a byte
 * order mark or without one, any line ends.
 * @returns text with `\n` as its only line end and without a byte order mark
 */
export function decodeText(bytes: Uint8Array): string {
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes);
  return text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
}

/** Without a mark UTF-16 is known by its zero bytes: licences and keys are ASCII, and no ASCII text holds any. */
function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first === 0 && second !== 0) return 'utf-16be';
  return second === 0 && first !== 0 && bytes.length > 1 ? 'utf-16le' : 'utf-8';
}
