import { eventWrite } from '../events/outbox.ts';
import { formatTime } from '../license-format/time.ts';
import { newAuditId } from '../model/audit.ts';
import type { EventType } from '../model/event.ts';
import type { License } from '../model/license.ts';
import { endedFields, sessionFields } from '../model/session.ts';
import type { Write } from '../store/store.ts';

/** What a licence's commits have to tell of, as its document says. */
type Announcing = Pick<License, 'id' | 'tenant_id' | 'announces'> | undefined;

/**
 * The events of the sessions that a commit begins and ends, to be written in the same commit. None without a subscriber,
 * which the licence's document says.
 * @param writes of the commit
 * @param now milliseconds since the epoch
 * @param id of the act's audit record, for an act that has one and concerns one session
 */
export function sessionEvents(license: Announcing, writes: readonly Write[], now: number, id?: string): Write[] {
  if (license === undefined || !license.announces.includes('sessions')) return [];
  return writes.flatMap((write): Write[] => {
    const event = write.op === 'create' ? (began(write) ?? ended(write)) : undefined;
    if (event === undefined) return [];
    const { type, ...data } = event;
    const told = {
      type,
      tenantId: license.tenant_id,
      licenseId: license.id,
      data: { license_id: license.id, ...data },
    };
    return [eventWrite(id ?? newAuditId(now), told, now)];
  });
}

type Creation = Extract<Write, { readonly op: 'create' | 'set' }>;

function began({ path, fields }: Creation) {
  const [collection, handle] = path.split('/');
  if (collection !== 'sessions') return undefined;
  const session = sessionFields.parse(fields);
  if (session.lingering) return undefined; // the seat is kept for its machine; nobody has this session
  return {
    type: session.borrowed_until === null ? ('session.acquired' as const) : ('session.borrowed' as const),
    session: handle,
    machine: session.holder.slice(0, 8),
    key: session.key,
    user_email: session.user_email,
    hostname: session.hostname,
    platform: session.platform,
    client_version: session.client_version,
    acquired_at: formatTime(session.acquired_at),
    last_heartbeat: formatTime(session.last_heartbeat),
    expires_at: formatTime(session.expires_at),
    ...(session.borrowed_until === null ? {} : { borrowed_until: formatTime(session.borrowed_until) }),
  };
}

function ended({ path, fields }: Creation) {
  const [collection, handle] = path.split('/');
  if (collection !== 'ended_sessions') return undefined;
  const { reason, acquired_at, ended_at } = endedFields.parse(fields);
  if (reason === 'borrowed') return undefined; // its machine has the borrowed one, which is told of
  const type = typeOfEnd(reason);
  return { type, session: handle, reason, acquired_at: formatTime(acquired_at), ended_at: formatTime(ended_at) };
}

/** By the reason; what nobody but administration brings about counts as its doing. */
function typeOfEnd(reason: string): EventType {
  switch (reason) {
    case 'released':
    case 'self_released':
      return 'session.released';
    case 'expired':
    case 'license_expired':
      return 'session.expired';
    case 'reclaimed':
      return 'session.reclaimed';
    case 'moved':
      return 'session.moved';
    case 'returned':
      return 'session.returned';
    case 'recalled':
      return 'session.recalled';
    default:
      return 'session.admin_released';
  }
}
