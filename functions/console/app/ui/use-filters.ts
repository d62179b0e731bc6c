import { useLocation } from 'preact-iso/router';

export type Filters = Readonly<Record<string, string | undefined>>;

/**
 * The filters of a list, kept in the address: a link holds them, and so does going back.
 * @param names those that the screen knows; others in the address are left out
 */
export function useFilters(names: readonly string[]) {
  const { path, query, route } = useLocation();
  const filters: Filters = Object.fromEntries(
    names.flatMap((name) => (query[name] === undefined || query[name] === '' ? [] : [[name, query[name]]])),
  );

  /** Without `push` the entry of the history is replaced, so that typing makes no entries. */
  function set(change: Filters, push = false): void {
    const { cursor: _, ...kept } = filters;
    const next = Object.entries({ ...kept, ...change }).filter((one): one is [string, string] => Boolean(one[1]));
    const text = new URLSearchParams(next).toString();
    route(text === '' ? path : `${path}?${text}`, !push);
  }

  return { filters, set };
}
