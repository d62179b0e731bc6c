import type { Actor } from '#shared/audit/actor.ts';
import { type AuditStamp, type FurtherAct, newAuditStamp } from '#shared/audit/commit-audited.ts';
import { auditId } from '#shared/model/audit.ts';
import type { Misunderstood } from './misunderstood.ts';

interface EventHead {
  readonly id: string;
  readonly type: string;
  readonly created: number;
}

/** Who acts when an event of Stripe's is applied. */
export const stripeActor = (ip: string, requestId: string): Actor => ({
  identity: { kind: 'system', id: 'stripe', email: null },
  ip,
  request_id: requestId,
});

/** An event is recorded under its own id, so that it cannot be applied twice. */
export const stampOf = ({ id, created }: EventHead): AuditStamp => ({
  id: auditId(created * 1000, id),
  at: created * 1000,
});

/** What stands in the audit log, and in the alert, about something that was not understood. */
export function notUnderstood(
  misunderstood: Misunderstood,
  event: EventHead,
  tenantId: string,
  now: number,
): FurtherAct {
  return {
    stamp: newAuditStamp(now),
    event: {
      action: 'stripe.not_understood',
      tenantId,
      details: { event: event.id, type: event.type, reason: misunderstood.reason, ...misunderstood.details },
    },
  };
}
