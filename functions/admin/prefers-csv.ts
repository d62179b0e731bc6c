interface Preference {
  readonly quality: number;
  /** Of the media range that matched: a type, a type of any subtype, or anything. */
  readonly precision: number;
}

const NONE: Preference = { quality: 0, precision: 0 };

/** Whether an Accept header (RFC 9110, section 12.5.1) prefers CSV to JSON, which is the default. */
export function prefersCsv(accept: string | undefined): boolean {
  const ranges = (accept ?? '').split(',').map(parseRange);
  const csv = preferenceFor('text/csv', ranges);
  const json = preferenceFor('application/json', ranges);
  if (csv.quality !== json.quality) return csv.quality > json.quality;
  return csv.quality > 0 && csv.precision > json.precision;
}

interface MediaRange {
  readonly range: string;
  readonly quality: number;
}

function parseRange(text: string): MediaRange {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return { range, quality: quality === undefined ? 1 : Number(quality) || 0 };
}

/** That of the most precise range. */
function preferenceFor(type: string, ranges: readonly MediaRange[]): Preference {
  const accepting = ['*/*', `${type.slice(0, type.indexOf('/'))}/*`, type];
  return ranges.reduce((best, { range, quality }) => {
    const precision = accepting.indexOf(range) + 1;
    return precision > best.precision ? { quality, precision } : best;
  }, NONE);
}
