/** Characters that RFC 3986 (section 2.2) reserves and `encodeURIComponent` leaves unencoded. */
const LEFT_OVER = /[!'()*]/g;

/**
 * Percent-encodes everything outside RFC 3986's unreserved set (`A-Z a-z 0-9 - . _ ~`), as UTF-8 in upper-case hex.
 * The text is not normalised: NFC and NFD are different names in Cloud Storage.
 *
 * @param field name of the text in error messages
 * @throws TypeError for a lone surrogate, which has no UTF-8
 */
export function encodeComponent(text: string, field: string): string {
  if (!text.isWellFormed()) throw new TypeError(`${field} has a lone surrogate`);
  return encodeURIComponent(text).replace(
    LEFT_OVER,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** As `encodeComponent`, but keeps every slash, including leading, trailing and repeated ones. */
export function encodePath(text: string, field: string): string {
  // A literal "%2F" in the text is "%252F" by now, so only slashes are decoded.
  return encodeComponent(text, field).replaceAll('%2F', '/');
}
