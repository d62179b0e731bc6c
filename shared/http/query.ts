import { invalid } from '../model/errors.ts';

/**
 * The parameters of a request's query.
 * @param search with its `?`, or empty
 * @throws Fault `invalid_request` for a parameter that is given twice: either value could be the one that is meant
 */
export function parseQuery(search: string): Record<string, string> {
  if (search === '') return {};
  const given = [...new URLSearchParams(search)];
  const names = new Set<string>();
  for (const [name] of given) {
    if (names.has(name)) throw invalid([{ path: name, message: 'occurs twice' }]);
    names.add(name);
  }
  return Object.fromEntries(given);
}
