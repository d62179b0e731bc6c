/** A cell that is undefined is empty. */
export type Cell = string | number | null | undefined;

/**
 * A table as CSV (RFC 4180), with a header. A text that a spreadsheet would take for a formula gets an apostrophe in
 * front, which makes it text.
 */
export function toCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map((row) => `${row.map(toCell).join(',')}\r\n`).join('');
}

/** What begins a formula in Excel, LibreOffice or Google Sheets, in ASCII and in full width, also behind white space. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;
/** What needs quotes; white space at an end is kept by them. */
const SPECIAL = /[",\r\n]|^\s|\s$/;

function toCell(value: Cell): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
