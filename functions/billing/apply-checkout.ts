import type { Actor } from '#shared/audit/actor.ts';
import type { AuditedChange, CommitAudited } from '#shared/audit/commit-audited.ts';
import { auditPath } from '#shared/audit/record.ts';
import type { KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import type { Clock } from '#shared/model/clock.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import type { Applied } from './apply-subscription.ts';
import { creationOf, findTenant, newsFor, newsWrites, tenantIdOf } from './customers.ts';
import { Misunderstood } from './misunderstood.ts';
import type { CheckoutEvent } from './stripe-event.ts';
import { notUnderstood, stampOf } from './stripe-record.ts';

export interface ApplyCheckoutOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
  readonly mutex: KeyedMutex;
}

/**
 * Applies a completed checkout: the customer has a tenant, and the tenant the customer's name. What was bought is told by
 * the events of the subscription, which may come before.
 * @throws Fault `dependency_unavailable`, from the returned function
 */
export function createApplyCheckout({ store, clock, commitAudited, mutex }: ApplyCheckoutOptions) {
  return (event: CheckoutEvent, actor: Actor): Promise<Applied> =>
    mutex.runExclusive(event.customer, async () => {
      const stamp = stampOf(event);
      const [known] = await store.get([auditPath(stamp.id)]);
      if (known !== undefined) return { outcome: 'duplicate', misunderstood: [] };
      return commitAudited(actor, () => prepare(event), undefined, stamp);
    });

  async function prepare(event: CheckoutEvent): Promise<AuditedChange<Applied>> {
    const now = clock.now();
    const { id, type, customer, subscription, name } = event;
    const recorded = (tenantId: string, outcome: Applied['outcome']) => ({
      action: 'stripe.event',
      tenantId,
      details: { event: id, type, customer, subscription, outcome },
    });
    try {
      const tenant = await findTenant(store, { customer, subscription, name, now });
      const done =
        tenant.kind === 'new' ? creationOf(tenant, 0, now) : newsWrites(tenant, event, newsFor(tenant, event), now);
      return {
        event: recorded(tenantIdOf(tenant), 'applied'),
        writes: done.writes,
        also: done.act === undefined ? [] : [done.act],
        result: { outcome: 'applied', misunderstood: [] },
      };
    } catch (error) {
      if (!(error instanceof Misunderstood)) throw error;
      return {
        event: recorded('', 'not_understood'),
        writes: [],
        also: [notUnderstood(error, event, '', now)],
        result: { outcome: 'not_understood', misunderstood: [error] },
      };
    }
  }
}
