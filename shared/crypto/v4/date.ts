/** ISO 8601's basic form, e.g. `20190201T090000Z`. @throws RangeError */
export function basicDate(timestamp: number): string {
  const iso = Math.abs(timestamp) <= 8.64e15 ? new Date(timestamp).toISOString() : '';
  // A year outside 0 to 9999 has a sign and six digits.
  if (iso.length !== 24) throw new RangeError('timestamp is not a time in the years 0 to 9999');
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
}
