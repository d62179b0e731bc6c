import type { Actor } from '#shared/audit/actor.ts';
import type { CommitAudited } from '#shared/audit/commit-audited.ts';
import { auditPath } from '#shared/audit/record.ts';
import type { Clock } from '#shared/model/clock.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import type { Misunderstood } from './misunderstood.ts';
import { notUnderstood, stampOf } from './stripe-record.ts';

export interface RecordMisunderstoodOptions {
  readonly store: Pick<DocumentStore, 'get'>;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
}

/**
 * Records an event that could not be read, once however often Stripe sends it. An event without so much as an id has no
 * record, and its alert alone.
 * @throws Fault `dependency_unavailable`, from the returned function
 */
export const createRecordMisunderstood =
  ({ store, clock, commitAudited }: RecordMisunderstoodOptions) =>
  async (misunderstood: Misunderstood, actor: Actor): Promise<void> => {
    const { event } = misunderstood;
    if (event === undefined) return;
    const stamp = stampOf(event);
    const [known] = await store.get([auditPath(stamp.id)]);
    if (known !== undefined) return;
    const { event: record } = notUnderstood(misunderstood, event, '', clock.now());
    await commitAudited(actor, async () => ({ event: record, writes: [], result: undefined }), undefined, stamp);
  };
