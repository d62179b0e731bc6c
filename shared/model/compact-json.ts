/** Above it a text may hold more members than the parser takes, and is rare. */
const MAX_LENGTH = 65_536;
/** As the parser's (`json.ts`). */
const MAX_DEPTH = 64;

/**
 * Reads JSON as `JSON.stringify` writes it, in half the time of the parser: what was read must print the very same text.
 * Then nothing in it can have been read in two ways, be it a member that occurs twice, a number that was rounded, or a name
 * that Node's reader takes for another (`json-text.ts`). That last one needs a name with a backslash, which is not even shown
 * to it.
 * @returns undefined for every other text, and for one with a number that is not an integer or with more levels than are
 *   allowed: the parser decides about those
 */
export function readCompactJson(text: string): unknown {
  if (text.length > MAX_LENGTH || text.includes('\\') || text.includes('": ')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isPlain(value, 0) && JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= MAX_DEPTH) return false;
  for (const item of Object.values(value)) if (typeof item !== 'string' && !isPlain(item, depth + 1)) return false;
  return true;
}
