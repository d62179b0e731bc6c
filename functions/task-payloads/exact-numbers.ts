import type { InvalidMember } from '#shared/model/errors.ts';

/**
 * Numbers that JSON.parse may have rounded: beyond ±(2^53 - 1) a double does not hold every integer. Sealing a rounded
 * number would be noticed much later, by the task.
 */
export function inexactNumbers(value: unknown, path: string): InvalidMember[] {
  if (typeof value === 'number') {
    const exact = Math.abs(value) <= Number.MAX_SAFE_INTEGER;
    return exact ? [] : [{ path, message: 'is beyond ±(2^53 - 1): send it as a string' }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => inexactNumbers(member, `${path}.${name}`));
}
