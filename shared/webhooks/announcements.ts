import { EVENT_TYPES, type EventType } from '../model/event.ts';
import { ANNOUNCEMENTS, type Announcement } from '../model/license.ts';
import { readWebhook, subscribesTo, VENDOR_TENANT, type Webhook } from '../model/webhook.ts';
import type { DocumentReader } from '../store/store.ts';
import { webhookQueries } from './queries.ts';

const BEGINNINGS: Readonly<Record<Announcement, readonly string[]>> = {
  sessions: ['session.'],
  seats: ['seat.', 'seats.'],
};

const typesOf = (announcement: Announcement): readonly EventType[] =>
  EVENT_TYPES.filter((type) => BEGINNINGS[announcement].some((beginning) => type.startsWith(beginning)));

/**
 * What the commits of a licence's seats have to tell of for these endpoints. A disabled one counts: what happens meanwhile
 * can be recovered.
 */
export const announcementsFor = (webhooks: readonly Pick<Webhook, 'events'>[]): Announcement[] =>
  ANNOUNCEMENTS.filter((one) => typesOf(one).some((type) => webhooks.some((webhook) => subscribesTo(webhook, type))));

/** The endpoints that hear of a tenant: its own and the vendor's. Two queries at once. */
export async function webhooksFor(store: Pick<DocumentReader, 'query'>, tenantId: string): Promise<readonly Webhook[]> {
  const tenants = tenantId === VENDOR_TENANT ? [VENDOR_TENANT] : [tenantId, VENDOR_TENANT];
  const found = await Promise.all(tenants.map((tenant) => store.query(webhookQueries.webhooksOf(tenant))));
  return found.flat().map(readWebhook);
}
