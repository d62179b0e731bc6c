/** What `encodeURIComponent` leaves alone though RFC 3986 (section 2.2) reserves it. */
const LEFT_OVER = /[!'()*]/g;

/**
 * Percent-encodes everything outside RFC 3986's unreserved set (`A-Z a-z 0-9 - . _ ~`), as UTF-8 in upper-case hex.
 * Nothing is normalised: NFC and NFD stay two different names, as they are to Cloud Storage.
 *
 * @param field what to call the text in an error
 * @throws TypeError for a lone surrogate, which has no UTF-8
 */
export function encodeComponent(text: string, field: string): string {
  if (!text.isWellFormed()) throw new TypeError(`${field} has a lone surrogate`);
  return encodeURIComponent(text).replace(
    LEFT_OVER,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** As `encodeComponent`, but every slash stays, leading, trailing and doubled ones too. */
export function encodePath(text: string, field: string): string {
  // A "%2F" in the text itself has become "%252F" by now, so only slashes are turned back.
  return encodeComponent(text, field).replaceAll('%2F', '/');
}
