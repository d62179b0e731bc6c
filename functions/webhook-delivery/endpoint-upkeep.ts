import type { Clock } from '#shared/model/clock.ts';
import { readWebhook, type Webhook, webhookDocument, webhookPath } from '#shared/model/webhook.ts';
import { CommitError, type DocumentStore, type Write } from '#shared/store/store.ts';
import type { MarkLicenses } from '#shared/webhooks/mark-licenses.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';
import { disableWrites } from './disable.ts';
import { DISABLE_AFTER } from './schedule.ts';

export interface UpkeepOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly markLicenses: MarkLicenses;
  readonly onDisabled: (webhookId: string) => Promise<void>;
}

const PAGE = 100;
const EVERY_LICENSE = 1_000_000;

/** What time does to endpoints: those that fail for too long are disabled, and licences are marked for new ones. */
export function createEndpointUpkeep({ store, clock, markLicenses, onDisabled }: UpkeepOptions) {
  async function disableFailing(): Promise<void> {
    const now = clock.now();
    const documents = await store.query(webhookQueries.failingWebhooks(now - DISABLE_AFTER, PAGE));
    for (const webhook of documents.map(readWebhook)) {
      if (await tryCommit(disableWrites(webhook, 'failing', now).writes)) await onDisabled(webhook.id);
    }
  }

  async function markForNew(): Promise<void> {
    const documents = await store.query(webhookQueries.webhooksToMark(clock.now(), PAGE));
    const due = documents.map(readWebhook);
    for (const tenantId of new Set(due.map(({ tenant_id }) => tenant_id))) {
      await markLicenses(tenantId, EVERY_LICENSE);
      for (const webhook of due) if (webhook.tenant_id === tenantId) await tryCommit([marked(webhook)]);
    }
  }

  async function tryCommit(writes: readonly Write[]): Promise<boolean> {
    try {
      await store.commit(writes);
      return true;
    } catch (error) {
      if (error instanceof CommitError) return false;
      throw error;
    }
  }

  return { disableFailing, markForNew };
}

const marked = ({ id, updateTime: lastUpdateTime }: Webhook): Write => ({
  op: 'update',
  path: webhookPath(id),
  fields: webhookDocument({ mark_due: null }),
  lastUpdateTime,
});
