import { formatTime } from '../license-format/time.ts';
import type { Event } from '../model/event.ts';

/** An event as it is listed and delivered. */
export const describeEvent = ({ id, type, at, tenant_id, data, count }: Omit<Event, 'updateTime'>) => ({
  id,
  type,
  timestamp: formatTime(at),
  tenant_id: tenant_id === '' ? null : tenant_id,
  data: count === undefined ? data : { ...data, count },
});
