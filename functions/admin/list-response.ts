import type { HttpResponse, Route } from '#shared/http/route.ts';
import type { Page } from './page.ts';

/**
 * The answer to a list: the items, and in a Link header (RFC 8288) the address of the next page with whatever else
 * was asked for.
 */
export function listResponse<T>(
  route: Pick<Route, 'path'>,
  asked: { readonly params?: Readonly<Record<string, string>>; readonly query: Readonly<Record<string, unknown>> },
  { items, next }: Page<T>,
  describe: (item: T) => object,
): HttpResponse {
  const body = items.map(describe);
  if (next === undefined) return { status: 200, body };
  const path = route.path.replace(/\{([a-z_]+)\}/g, (_, name: string) =>
    encodeURIComponent(asked.params?.[name] ?? ''),
  );
  const given = Object.entries(asked.query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams({ ...Object.fromEntries(given.map(([k, v]) => [k, String(v)])), cursor: next });
  return { status: 200, headers: { link: `<${path}?${search}>; rel="next"`, 'x-next-cursor': next }, body };
}
