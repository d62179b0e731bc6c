import type { LicenseEvent } from '../../api/types.ts';
import { type Difference, shown } from '../audit/differences.ts';

/** What says most of an event that changes nothing: who, where, how often. */
const TELLING = [
  'user_email',
  'hostname',
  'reason',
  'count',
  'seats_used',
  'max_seats',
  'email',
  'role',
  'url',
] as const;

/** What was changed, where the event says what was before; otherwise what tells most of it. */
export function changesOf(data: LicenseEvent['data']): Difference[] {
  const { previous } = data;
  if (typeof previous === 'object' && previous !== null && !Array.isArray(previous)) {
    return Object.entries(previous).map(([name, before]) => ({
      name,
      before: shown(before),
      after: shown(data[name]),
    }));
  }
  return TELLING.map((name) => ({ name, before: undefined, after: shown(data[name]) })).filter(
    ({ after }) => after !== undefined,
  );
}
