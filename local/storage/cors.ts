import { type Exchange, empty, type Reply } from './http.ts';
import type { CorsRule } from './model.ts';

/** What a browser is told about a bucket ("Cross-origin resource sharing" in the service's documentation). */

/** The answer to a preflight: 200 whatever the rules say, and only their match adds the headers that allow. */
export function preflight(rules: readonly CorsRule[], { headers }: Exchange): Reply {
  const rule = matching(rules, headers.origin, headers['access-control-request-method']);
  if (rule === undefined) return empty(200);
  return empty(200, {
    'access-control-allow-methods': rule.method.join(','),
    'access-control-allow-headers': (rule.responseHeader ?? []).join(','),
    'access-control-max-age': String(rule.maxAgeSeconds ?? 3600),
  });
}

/** Headers of every answer to a request that came from a page on another origin. */
export function corsHeaders(rules: readonly CorsRule[], { method, headers, query }: Exchange): Record<string, string> {
  const wanted = method === 'OPTIONS' ? headers['access-control-request-method'] : method;
  const rule = matching(rules, headers.origin, wanted);
  if (rule === undefined || headers.origin === undefined) return {};
  return {
    'access-control-allow-origin': rule.origin.includes('*') && !isSession(query) ? '*' : headers.origin,
    'access-control-expose-headers': (rule.responseHeader ?? []).join(','),
    vary: 'Origin',
  };
}

/** A session's answers name the origin that it was started with. */
const isSession = (query: string) => new URLSearchParams(query).has('upload_id');

function matching(
  rules: readonly CorsRule[],
  origin: string | undefined,
  method: string | undefined,
): CorsRule | undefined {
  if (origin === undefined || method === undefined) return undefined;
  return rules.find((rule) => {
    const fromHere = rule.origin.some((allowed) => allowed === '*' || allowed === origin);
    return fromHere && rule.method.some((allowed) => allowed === '*' || allowed === method);
  });
}
