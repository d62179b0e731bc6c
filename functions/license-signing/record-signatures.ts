import type { Actor } from '#shared/audit/actor.ts';
import { type AuditEvent, auditLine, auditPath, auditRecord, auditWrite } from '#shared/audit/record.ts';
import { createGroupCommit } from '#shared/concurrency/group-commit.ts';
import { type AuditRecord, newAuditId } from '#shared/model/audit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import type { Logger } from '#shared/model/logger.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';

export interface RecordSignaturesOptions {
  readonly store: Pick<DocumentStore, 'get' | 'commit'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Resolves when the record is stored. @throws Fault `dependency_unavailable` when that is not certain */
export type RecordSignature = (actor: Actor, event: AuditEvent) => Promise<void>;

const MAX_GROUP = 100;
const MAX_WAITING = 2_000;
const ATTEMPTS = 3;

/** Records who had what signed. Records that arrive while a commit is in flight share the next one. */
export function createRecordSignatures({ store, clock, log }: RecordSignaturesOptions): RecordSignature {
  const groups = createGroupCommit<AuditRecord, undefined>({
    async run(_key, records) {
      await storeAll(store, records);
      for (const record of records) auditLine(log, record);
      return records.map(() => undefined);
    },
    maxGroup: MAX_GROUP,
    maxWaiting: MAX_WAITING,
  });
  return async (actor, event) => {
    const at = clock.now();
    await groups.submit('audit', auditRecord(newAuditId(at), actor, event, at));
  };
}

/** A commit whose answer was lost has stored all records or none, and the repeated one stores none twice. */
async function storeAll(store: RecordSignaturesOptions['store'], records: readonly AuditRecord[]): Promise<void> {
  let cause: unknown;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      await store.commit(records.map(auditWrite));
      return;
    } catch (error) {
      if (!(error instanceof CommitError)) throw error;
      cause = error;
    }
    const [found] = await store.get(records.slice(0, 1).map(({ id }) => auditPath(id)));
    if (found !== undefined) return;
  }
  throw new Fault('dependency_unavailable', 'The signature could not be recorded, so it is not given away.', {
    cause,
    retryAfter: 1,
  });
}
