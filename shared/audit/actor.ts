import type { AuditFields } from '../model/audit.ts';
import { normalEmail } from '../model/email.ts';
import { Fault } from '../model/errors.ts';
import type { Principal } from '../model/principal.ts';

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

/** Characters of a portal session's id: enough to tell one from another. */
const PORTAL_ID = 16;

/** What a handler knows of its caller. */
export interface Caller {
  readonly principal: Principal;
  readonly clientIp: string;
  readonly requestId: string;
}

/** @throws Fault `forbidden` for a principal that is neither a user nor a service */
export function actorOf({ principal, clientIp, requestId }: Caller): Actor {
  return { identity: identityOf(principal), ip: clientIp, request_id: requestId };
}

function identityOf(principal: Principal): AuditFields['actor'] {
  switch (principal.kind) {
    case 'user':
      return {
        kind: principal.staff ? 'staff' : 'user',
        id: principal.uid,
        email: principal.email === undefined ? null : normalEmail(principal.email),
      };
    case 'service':
      return { kind: 'service', id: principal.email, email: principal.email };
    case 'portal':
      return { kind: 'portal', id: principal.sessionId.slice(0, PORTAL_ID), email: null };
    case 'scheduler':
    case 'anyone':
      throw new Fault('forbidden', 'Only users and services may do this.');
    default:
      return principal satisfies never;
  }
}
