import type { Actor } from '#shared/audit/actor.ts';
import { type AuditEvent, auditLine, auditPath, auditRecord, auditWrite } from '#shared/audit/record.ts';
import { newAuditId } from '#shared/model/audit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { type Logger, silentLogger } from '#shared/model/logger.ts';
import { CommitError, type DocumentStore, type Write } from '#shared/store/store.ts';
import type { Once } from './once.ts';

/** What one attempt will commit. Without an event there is nothing to change, and nothing is committed. */
export interface AuditedChange<T> {
  readonly event?: AuditEvent;
  readonly writes: readonly Write[];
  readonly result: T;
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
  /** Waits before the next attempt, so that instances that collided once do not collide again. Default: no wait. */
  readonly pause?: (attempt: number) => Promise<unknown>;
}

const ATTEMPTS = 10;

export function createCommitAudited({ store, clock, log = silentLogger, pause }: CommitAuditedOptions): CommitAudited {
  return async (actor, prepare, once, stamp = newAuditStamp(clock.now())) => {
    // One audit id for all attempts. A commit with an unknown outcome was applied exactly if the record exists, and if
    // that commit is applied late, after a later attempt, it finds that attempt's record and fails.
    const { id, at } = stamp;
    let cause: unknown;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await once?.check();
      const { event, writes, result } = await prepare();
      if (event === undefined) return result;
      const record = auditRecord(id, actor, event, at);
      try {
        const answer = once === undefined ? [] : [once.record(result)];
        await store.commit([...writes, auditWrite(record), ...answer]);
        auditLine(log, record);
        return result;
      } catch (error) {
        if (!(error instanceof CommitError)) throw error;
        cause = error;
      }
      const [found] = await store.get([auditPath(id)]);
      if (found !== undefined) {
        auditLine(log, record);
        return result;
      }
      await pause?.(attempt);
    }
    throw new Fault('dependency_unavailable', 'The change could not be committed.', { cause, retryAfter: 1 });
  };
}
