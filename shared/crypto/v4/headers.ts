/** Header values by name. A repeated header is an array, or two names that differ in case. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

export interface CanonicalHeaders {
  /** One line `name:value` for each header, each with a line end, in the order of `signed`. */
  readonly lines: string;
  /** The lower-case names, sorted by code unit and joined by semicolons. */
  readonly signed: string;
  /** The headers that the client must send besides Host, as they were signed. */
  readonly toSend: Readonly<Record<string, string>>;
}

/** Characters that would end a name in the canonical request or in the list of signed headers, or cannot be sent. */
const NOT_IN_A_NAME = /[\0- \x7f:;,]/;
const CONTROL_BUT_TAB = /[\0-\x08\n-\x1f\x7f]/;
const WHITE_SPACE = /[ \t]+/g;

/**
 * Canonicalises headers: names in lower case, values trimmed with each run of white space replaced by one space, values of
 * equal names joined by commas in the given order, all sorted by code unit. A sort by locale would put `_` before `-`.
 *
 * White space is space and tab, as in HTTP (RFC 9110, section 5.6.3); other characters stay unchanged.
 *
 * @param host the signed value of the Host header
 * @throws TypeError naming the header: a name that is empty or has white space, a control character, a colon, a comma
 *   or a semicolon; `host`, which follows from the URL; a value with a control character (so CR and LF), a lone
 *   surrogate, or an array of none
 */
export function canonicalHeaders(fields: HeaderFields, host: string): CanonicalHeaders {
  const values = new Map<string, string>();
  for (const [given, value] of Object.entries(fields)) {
    const name = canonicalName(given);
    const folded = canonicalValue(name, typeof value === 'string' ? [value] : value);
    const earlier = values.get(name);
    values.set(name, earlier === undefined ? folded : `${earlier},${folded}`);
  }
  const toSend = Object.fromEntries(values);
  values.set('host', host);

  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    lines: sorted.map(([name, value]) => `${name}:${value}\n`).join(''),
    signed: sorted.map(([name]) => name).join(';'),
    toSend,
  };
}

function canonicalName(given: string): string {
  if (given === '' || NOT_IN_A_NAME.test(given) || !given.isWellFormed())
    throw new TypeError(`headers has an invalid name: ${JSON.stringify(given)}`);
  const name = given.toLowerCase();
  if (name === 'host') throw new TypeError('headers may not name host, which follows from the URL');
  return name;
}

function canonicalValue(name: string, values: readonly string[]): string {
  if (values.length === 0) throw new TypeError(`headers[${JSON.stringify(name)}] has no value`);
  return values.map((value) => fold(name, value)).join(',');
}

function fold(name: string, value: string): string {
  // The message omits the value, which may be an encryption key.
  if (CONTROL_BUT_TAB.test(value) || !value.isWellFormed())
    throw new TypeError(`headers[${JSON.stringify(name)}] has a control character or a lone surrogate`);
  const single = value.replace(WHITE_SPACE, ' ');
  return single.slice(single.startsWith(' ') ? 1 : 0, single.length > 1 && single.endsWith(' ') ? -1 : undefined);
}
