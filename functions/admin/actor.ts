import type { AuditFields } from '#shared/model/audit.ts';
import { Fault } from '#shared/model/errors.ts';
import type { Principal } from '#shared/model/principal.ts';

/** Who performs an audited change, and from where. */
export interface Actor extends Pick<AuditFields, 'ip' | 'request_id'> {
  readonly identity: AuditFields['actor'];
}

/** The suite itself, for changes that no request asked for. */
export const SYSTEM_ACTOR: Actor = {
  identity: { kind: 'system', id: 'countersign', email: null },
  ip: 'local',
  request_id: '',
};

/** What a handler knows of its caller. */
export interface Caller {
  readonly principal: Principal;
  readonly clientIp: string;
  readonly requestId: string;
}

/** @throws Fault `forbidden` for a principal that is not a user */
export function actorOf({ principal, clientIp, requestId }: Caller): Actor {
  if (principal.kind !== 'user') throw new Fault('forbidden', 'Only users may do this.');
  const kind = principal.staff ? 'staff' : 'user';
  return {
    identity: { kind, id: principal.uid, email: principal.email ?? null },
    ip: clientIp,
    request_id: requestId,
  };
}
