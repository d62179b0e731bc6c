import type { Actor } from '#shared/audit/actor.ts';
import type { AuditedChange, CommitAudited, FurtherAct } from '#shared/audit/commit-audited.ts';
import { auditPath } from '#shared/audit/record.ts';
import type { KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import type { Clock } from '#shared/model/clock.ts';
import type { ReconcileSeats } from '#shared/seats/reconcile.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import { type EntitlementSettings, LATE } from './entitlement.ts';
import { type KnownEvent, lastOf, withEvent } from './event-order.ts';
import { Misunderstood } from './misunderstood.ts';
import { planSubscription } from './plan-subscription.ts';
import {
  billingPaths,
  readSubscription,
  type SubscriptionRecord,
  type SubscriptionState,
  subscriptionWrite,
} from './records.ts';
import type { SubscriptionEvent } from './stripe-event.ts';
import { notUnderstood, stampOf } from './stripe-record.ts';

export interface ApplySubscriptionOptions extends EntitlementSettings {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
  readonly reconcile: ReconcileSeats;
  readonly mutex: KeyedMutex;
}

/** What became of an event. */
export interface Applied {
  readonly outcome: 'applied' | 'duplicate' | 'stale' | 'not_understood';
  readonly misunderstood: readonly Misunderstood[];
}

/** The same, and which licences' seats have to follow. */
interface Result extends Applied {
  readonly licenseIds: readonly string[];
}

/**
 * Applies an event of a subscription: the licences of its items become what the subscription's latest state says. The
 * licences, their tenant's seats, what is known of the subscription and the audit records are one commit. Returns when
 * the seats match, too; repeating an event after a fault is safe.
 * @throws Fault `dependency_unavailable`, from the returned function
 */
export function createApplySubscription(options: ApplySubscriptionOptions) {
  const { store, clock, commitAudited, reconcile, mutex } = options;

  return async (event: SubscriptionEvent, actor: Actor): Promise<Applied> => {
    const { licenseIds, ...applied } = await mutex.runExclusive(event.snapshot.customer, async () => {
      const stamp = stampOf(event);
      const [known] = await store.get([auditPath(stamp.id)]);
      // A repeat of an event that was applied: what could not be understood then may be by now.
      if (known !== undefined) return commitAudited(actor, () => prepareAgain(event));
      return commitAudited(actor, () => prepare(event), undefined, stamp);
    });
    for (const licenseId of licenseIds) await reconcile(licenseId);
    return applied;
  };

  async function readRecord({ subscription }: SubscriptionEvent): Promise<SubscriptionRecord | undefined> {
    const [document] = await store.get([billingPaths.subscription(subscription)]);
    return document && readSubscription(document);
  }

  async function prepare(event: SubscriptionEvent): Promise<AuditedChange<Result>> {
    const record = await readRecord(event);
    const ordered = withEvent(record?.state.latest, event);
    if (ordered.kind === 'stale') return recorded(event, { outcome: 'stale', misunderstood: [], licenseIds: [] });
    const { latest } = ordered;
    const last = lastOf(latest);
    const before = record?.state ?? { latest, applied: null, past_due_since: null, items: {} };
    if (last === undefined) {
      const misunderstood = [new Misunderstood('order', { subscription: event.subscription })];
      const writes = [subscriptionWrite(event.subscription, event.snapshot.customer, { ...before, latest }, record)];
      return recorded(event, { outcome: 'not_understood', misunderstood, licenseIds: [] }, { writes });
    }
    const since = pastDueSince(before, last, event.created);
    const state = { ...before, latest, applied: last.id, past_due_since: since };
    if (last.id === before.applied) {
      const writes = [subscriptionWrite(event.subscription, event.snapshot.customer, state, record)];
      return recorded(event, { outcome: 'stale', misunderstood: [], licenseIds: [] }, { writes });
    }
    return planned(event, record, state, last);
  }

  /** Only what was left open is tried again, so that a repeated event undoes nothing that was changed since. */
  async function prepareAgain(event: SubscriptionEvent): Promise<AuditedChange<Result>> {
    const record = await readRecord(event);
    const items = Object.entries(record?.state.items ?? {});
    const licenseIds = items.flatMap(([, { license_id }]) => license_id ?? []);
    const nothing = { writes: [], result: { outcome: 'duplicate' as const, misunderstood: [], licenseIds } };
    const last = record && lastOf(record.state.latest);
    if (record === undefined || last === undefined || last.id !== event.id) return nothing;
    const open = items.filter(([, item]) => item.open).map(([id]) => id);
    if (open.length === 0) return nothing;
    const change = await planned(event, record, record.state, last, open);
    // Nothing but the record of the subscription: what was open is open still.
    return change.writes.length > 1 ? change : { writes: [], result: { ...change.result, licenseIds } };
  }

  async function planned(
    event: SubscriptionEvent,
    record: SubscriptionRecord | undefined,
    state: SubscriptionState,
    last: KnownEvent,
    only?: readonly string[],
  ): Promise<AuditedChange<Result>> {
    const { subscription } = event;
    const plan = await planSubscription(store, {
      subscription,
      snapshot: last.snapshot,
      moments: { event: event.created, pastDueSince: state.past_due_since },
      items: state.items,
      only,
      grace: options.grace,
      now: clock.now(),
    });
    const next = { ...state, items: plan.items };
    const writes = [...plan.writes, subscriptionWrite(subscription, last.snapshot.customer, next, record)];
    const outcome = plan.misunderstood.length === 0 ? ('applied' as const) : ('not_understood' as const);
    const result = { outcome, misunderstood: plan.misunderstood, licenseIds: plan.licenseIds };
    return recorded(event, result, { writes, also: plan.acts, tenantId: plan.tenantId });
  }

  function recorded(
    event: SubscriptionEvent,
    result: Result,
    change: Pick<AuditedChange<Result>, 'also'> & {
      readonly writes?: AuditedChange<Result>['writes'];
      readonly tenantId?: string;
    } = {},
  ): AuditedChange<Result> {
    const { writes = [], also = [], tenantId = '' } = change;
    const problems: FurtherAct[] = result.misunderstood.map((one) => notUnderstood(one, event, tenantId, clock.now()));
    const { id, type, subscription, snapshot } = event;
    const details = { event: id, type, subscription, status: snapshot.status, outcome: result.outcome };
    return {
      event: { action: 'stripe.event', tenantId, details },
      writes,
      also: [...also, ...problems],
      result,
    };
  }
}

/** When the payment first failed, as far as it is known. */
function pastDueSince({ past_due_since }: SubscriptionState, { snapshot }: KnownEvent, created: number): number | null {
  return snapshot.status === LATE ? (past_due_since ?? created) : null;
}
