import type { Fetch } from '../platform/platform.ts';
import type { KeySurroundings } from './source.ts';

/** Fetches a text from the licence server. @throws Error for any answer but a good one */
export async function fetchText(
  { url, fetch: given, timeout = 10_000 }: KeySurroundings,
  path: string,
): Promise<{ readonly text: string; readonly cacheControl: string }> {
  if (url === undefined) throw new Error('no server is named');
  const load: Fetch = given ?? ((from, init) => fetch(from, init));
  const response = await load(url.replace(/\/+$/, '') + path, { signal: AbortSignal.timeout(timeout) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return { text: await response.text(), cacheControl: response.headers.get('cache-control') ?? '' };
}
