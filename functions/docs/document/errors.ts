import { PROBLEMS } from '#shared/http/problem.ts';
import type { Route } from '#shared/http/route.ts';
import type { FaultCode } from '#shared/model/errors.ts';

/**
 * Every code that a route can answer: its own and those that follow from its shape, by status. What anyone may GET is
 * not limited; a route behind a token depends on the issuer's keys.
 */
export function errorsOf(route: Route): ReadonlyMap<number, readonly FaultCode[]> {
  const open = route.access.includes('anyone');
  const when = (condition: boolean, ...codes: readonly FaultCode[]) => (condition ? codes : []);
  const codes = new Set<FaultCode>([
    ...when(route.body !== undefined || route.query !== undefined, 'invalid_request'),
    ...when(!open, 'unauthenticated', 'forbidden', 'dependency_unavailable'),
    ...when(route.params !== undefined, 'not_found'),
    ...when(route.body !== undefined, 'payload_too_large', 'unsupported_media_type'),
    ...when(!(open && route.method === 'GET'), 'rate_limited'),
    ...(route.errors ?? []),
    'internal',
  ]);
  const byStatus = new Map<number, FaultCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return new Map([...byStatus].sort(([a], [b]) => a - b));
}
