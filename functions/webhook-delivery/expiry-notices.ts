import { eventWrite } from '#shared/events/outbox.ts';
import { licenseEvent } from '#shared/licenses/license-event.ts';
import { newAuditId } from '#shared/model/audit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { nextNotice, noticeAt } from '#shared/model/expiry-notice.ts';
import { type License, readLicense } from '#shared/model/license.ts';
import { paths } from '#shared/seats/paths.ts';
import { CommitError, type DocumentStore, type Write } from '#shared/store/store.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';

export interface ExpiryNoticesOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
}

const PAGE = 100;

/**
 * Tells of licences whose end comes near or has come: 30, 7 and 1 days before, and then. The notice is written in the commit
 * that notes when the next one is due, and requires the licence as it was read: each is given once. After a long pause the
 * latest alone is given.
 * @param inTime whether there is time to begin another page
 */
export type TellOfEnds = (inTime: () => boolean) => Promise<void>;

export function createTellOfEnds({ store, clock }: ExpiryNoticesOptions): TellOfEnds {
  return async (inTime) => {
    while (inTime()) {
      const documents = await store.query(webhookQueries.dueNotices(clock.now(), PAGE));
      const told = await Promise.all(documents.map(readLicense).map(tell));
      if (documents.length < PAGE || !told.includes(true)) return;
    }
  };

  async function tell(license: License): Promise<boolean> {
    try {
      await store.commit(noticeWrites(license, clock.now()));
      return true;
    } catch (error) {
      if (error instanceof CommitError) return false;
      throw error;
    }
  }
}

function noticeWrites(license: License, now: number): Write[] {
  const { id, updateTime: lastUpdateTime, expires_at, archived } = license;
  const days = expires_at === null || archived ? undefined : noticeAt(expires_at, now);
  const fields = { notice_due: archived ? null : nextNotice(expires_at, now) };
  const noted: Write = { op: 'update', path: paths.license(id), fields, lastUpdateTime };
  if (days === undefined) return [noted];
  const event =
    days === 0
      ? licenseEvent('license.expired', license)
      : licenseEvent('license.expiring', license, undefined, { days_before: days });
  return [noted, eventWrite(newAuditId(now), event, now)];
}
