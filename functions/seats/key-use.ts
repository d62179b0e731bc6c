import { dayOf } from '#shared/model/usage.ts';
import { paths } from '#shared/seats/paths.ts';
import type { Write } from '#shared/store/store.ts';
import type { Claim, Renew } from './plan-step.ts';

/**
 * Writes the day on which keys were used, once a day and key, as part of what is written anyway.
 * @param steps of one licence
 * @param now milliseconds since the epoch
 */
export function keyUseWrites(steps: readonly (Claim | Renew)[], now: number): Write[] {
  const day = dayOf(now);
  const used = new Map(steps.map(({ key, lease }) => [paths.key(lease.license.id, key.hash), key]));
  return [...used].flatMap(([path, { last_used_day }]): Write[] =>
    last_used_day === day ? [] : [{ op: 'update', path, fields: { last_used_day: day } }],
  );
}
