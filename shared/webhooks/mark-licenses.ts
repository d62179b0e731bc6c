import type { Announcement } from '../model/license.ts';
import { readLicense } from '../model/license.ts';
import { VENDOR_TENANT } from '../model/webhook.ts';
import { paths } from '../seats/paths.ts';
import { CommitError, type DocumentStore, type Write } from '../store/store.ts';
import { announcementsFor, webhooksFor } from './announcements.ts';
import { webhookQueries } from './queries.ts';

export interface MarkLicensesOptions {
  readonly store: DocumentStore;
}

/**
 * Writes on each licence of a tenant (the vendor: of every tenant) what its endpoints want to hear of its seats. Seats'
 * commits read the licence anyway, so they learn it without a read.
 * @param limit the most licences to look at; the dispatcher marks the others within a minute or two
 * @returns whether all were looked at
 * @throws Fault `dependency_unavailable`
 */
export type MarkLicenses = (tenantId: string, limit?: number) => Promise<boolean>;

const PAGE = 200;
const LIMIT = 1_000;

export function createMarkLicenses({ store }: MarkLicensesOptions): MarkLicenses {
  return async (tenantId, limit = LIMIT) => {
    const wanted = new Map<string, Promise<Announcement[]>>();
    const wantedOf = (tenant: string) => {
      const known = wanted.get(tenant) ?? webhooksFor(store, tenant).then(announcementsFor);
      wanted.set(tenant, known);
      return known;
    };
    const tenant = tenantId === VENDOR_TENANT ? undefined : tenantId;
    let after: string | undefined;
    for (let seen = 0; seen < limit; seen += PAGE) {
      const documents = await store.query(webhookQueries.licensesOf(tenant, { limit: PAGE, after }));
      const marks = documents.map(readLicense).map(async ({ id, tenant_id, announces }): Promise<Write[]> => {
        const announcements = await wantedOf(tenant_id);
        if (announcements.join() === announces.join()) return [];
        return [{ op: 'update', path: paths.license(id), fields: { announces: announcements } }];
      });
      await write((await Promise.all(marks)).flat());
      after = documents.at(-1)?.path;
      if (documents.length < PAGE) return true;
    }
    return false;
  };

  /** What fails is left to the dispatcher, which marks them again. */
  async function write(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    await store.writeEach(writes).catch((error: unknown) => {
      if (!(error instanceof CommitError)) throw error;
    });
  }
}
