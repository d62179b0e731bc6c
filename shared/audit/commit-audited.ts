import { eventWrite, type NewEvent } from '../events/outbox.ts';
import type { Once } from '../idempotency/once.ts';
import { type AuditRecord, newAuditId } from '../model/audit.ts';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import { type Logger, silentLogger } from '../model/logger.ts';
import { CommitError, type DocumentStore, type Write } from '../store/store.ts';
import type { Actor } from './actor.ts';
import { type AuditEvent, auditLine, auditPath, auditRecord, auditWrite } from './record.ts';

/** What one attempt will commit. Without an event there is nothing to change, and nothing is committed. */
export interface AuditedChange<T> {
  readonly event?: AuditEvent;
  /** What webhooks are told of the change: committed beside its audit record, with the same id. */
  readonly outbox?: NewEvent | undefined;
  /** Further acts of the same commit, each with a record of its own. */
  readonly also?: readonly FurtherAct[];
  readonly writes: readonly Write[];
  readonly result: T;
}

/** One of several acts that one commit makes, such as the licences of one subscription. */
export interface FurtherAct {
  readonly stamp: AuditStamp;
  readonly event: AuditEvent;
  readonly outbox?: NewEvent | undefined;
}

/**
 * Commits a change and its audit record atomically: neither exists without the other. An attempt that lost a race is
 * prepared again from the documents as they are then.
 * @param prepare reads the documents and plans the writes; called once an attempt; whatever it throws ends the change
 * @param once the record of the request's Idempotency-Key, which becomes part of the commit
 * @param stamp the audit record's id and time; a change that is repeated with the same stamp is not made twice
 * @returns the `result` of the attempt that was committed
 * @throws Fault `dependency_unavailable` when all attempts failed or the outcome is unknown; repeating the request is
 *   safe
 */
export type CommitAudited = <T>(
  actor: Actor,
  prepare: () => Promise<AuditedChange<T>>,
  once?: Once<T>,
  stamp?: AuditStamp,
) => Promise<T>;

/** Identity and time of an audit record, drawn before the change is made. */
export interface AuditStamp {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export const newAuditStamp = (now: number): AuditStamp => ({ id: newAuditId(now), at: now });

export interface CommitAuditedOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  /** Where each record leaves a line, too. Default: none. */
  readonly log?: Logger;
  /** Hastens the deliveries of an event that was committed. It must not throw, nor take long. Default: nothing. */
  readonly hasten?: (eventId: string, event: NewEvent) => Promise<void>;
  /** Waits before the next attempt, so that instances that collided once do not collide again. Default: no wait. */
  readonly pause?: (attempt: number) => Promise<unknown>;
}

const ATTEMPTS = 10;

export function createCommitAudited({
  store,
  clock,
  log = silentLogger,
  hasten,
  pause,
}: CommitAuditedOptions): CommitAudited {
  return async (actor, prepare, once, stamp = newAuditStamp(clock.now())) => {
    // One audit id for all attempts. A commit with an unknown outcome was applied exactly if the record exists, and if
    // that commit is applied late, after a later attempt, it finds that attempt's record and fails.
    const { id } = stamp;
    let cause: unknown;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await once?.check();
      const { event, outbox, also = [], writes, result } = await prepare();
      if (event === undefined) return result;
      const acts = [{ stamp, event, outbox }, ...also].map((act) => ({
        record: auditRecord(act.stamp.id, actor, act.event, act.stamp.at),
        outbox: act.outbox,
      }));
      try {
        const answer = once === undefined ? [] : [once.record(result)];
        await store.commit([...writes, ...acts.flatMap(writesOf), ...answer]);
        return await committed(acts, result);
      } catch (error) {
        if (!(error instanceof CommitError)) throw error;
        cause = error;
      }
      const [found] = await store.get([auditPath(id)]);
      if (found !== undefined) return committed(acts, result);
      await pause?.(attempt);
    }
    throw new Fault('dependency_unavailable', 'The change could not be committed.', { cause, retryAfter: 1 });
  };

  async function committed<T>(acts: readonly Act[], result: T): Promise<T> {
    for (const { record } of acts) auditLine(log, record);
    await Promise.all(acts.map(async ({ record, outbox }) => outbox && hasten?.(record.id, outbox)));
    return result;
  }
}

interface Act {
  readonly record: AuditRecord;
  readonly outbox: NewEvent | undefined;
}

const writesOf = ({ record, outbox }: Act): Write[] => [
  auditWrite(record),
  ...(outbox === undefined ? [] : [eventWrite(record.id, outbox, record.at)]),
];
