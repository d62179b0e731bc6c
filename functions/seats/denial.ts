import type { Fault, FaultCode } from '#shared/model/errors.ts';

/**
 * Faults of the request or of a dependency, which say nothing about what was sold. A key that names no licence does not
 * count either: anybody can invent one, and each would become a document.
 */
const NOT_COUNTED: ReadonlySet<FaultCode> = new Set([
  'dependency_unavailable',
  'internal',
  'invalid_request',
  'license_not_found',
  'not_found',
  'rate_limited',
  'signing_unavailable',
]);

/** The reason under which usage counts a refused request; undefined when it does not count. */
export function denialReason({ code }: Pick<Fault, 'code'>): string | undefined {
  if (NOT_COUNTED.has(code)) return undefined;
  return code === 'no_seats_available' ? 'no_seats' : code;
}
