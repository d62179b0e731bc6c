export interface Difference {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as a person reads it; undefined for none. */
export const shown = (value: unknown): string | undefined =>
  value === undefined || value === null || value === ''
    ? undefined
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);

/** What a record's details say was changed, member by member; other details are values that were set. */
export function differencesOf(details: Readonly<Record<string, unknown>>): Difference[] {
  const { before, after, ...rest } = details;
  const others = Object.entries(rest)
    .map(([name, value]) => ({ name, before: undefined, after: shown(value) }))
    .filter(({ after }) => after !== undefined && after !== '{}' && after !== '[]');
  if (!('before' in details) && !('after' in details)) return others;
  if (!isObject(before) && !isObject(after))
    return [...others, { name: '', before: shown(before), after: shown(after) }];
  const [old, fresh] = [isObject(before) ? before : {}, isObject(after) ? after : {}];
  const names = [...new Set([...Object.keys(old), ...Object.keys(fresh)])].sort();
  return [...others, ...names.map((name) => ({ name, before: shown(old[name]), after: shown(fresh[name]) }))];
}
