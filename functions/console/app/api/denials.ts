import type { Pages } from './licenses.ts';
import { request } from './request.ts';
import type { Denial } from './types.ts';

const PAGE = 100;

/** Whom a licence has refused since a moment, the newest hour first, until there are `cap`. @param since RFC 3339 */
export async function listDenials(
  licenseId: string,
  since: string,
  signal: AbortSignal,
  cap: number,
): Promise<Pages<Denial>> {
  const items: Denial[] = [];
  let cursor: string | undefined;
  do {
    const { data, next } = await request<Denial[]>('GET', `/api/v1/licenses/${encodeURIComponent(licenseId)}/denials`, {
      query: { since, limit: PAGE, cursor },
      signal,
    });
    items.push(...data);
    cursor = next;
  } while (cursor !== undefined && items.length < cap);
  return { items, complete: cursor === undefined };
}
