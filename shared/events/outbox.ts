import {
  EVENT_RETENTION,
  type EventData,
  type EventType,
  eventDocument,
  eventPath,
  eventShard,
} from '../model/event.ts';
import { subjectOf } from '../model/subject.ts';
import type { Write } from '../store/store.ts';

/** What happened, apart from its id and time. */
export interface NewEvent {
  readonly type: EventType;
  /** Empty when it concerns no tenant. */
  readonly tenantId: string;
  readonly licenseId?: string | undefined;
  /** The resource as its GET shows it, and `previous` for a change. Never a licence key, a session id or a token. */
  readonly data: EventData;
  /** The one endpoint that is told, by a delivery in the same commit. Default: every one that subscribes to it. */
  readonly onlyTo?: string;
}

/**
 * The write that tells of an act. It belongs into the act's own commit, so that neither exists without the other; what
 * follows, the deliveries to webhooks, is planned afterwards from the document.
 * @param id that of the act's audit record, or a fresh one of `newAuditId`: both count down with time
 * @param at milliseconds since the epoch, from which the id was made
 */
export const eventWrite = (id: string, { type, tenantId, licenseId, data, onlyTo }: NewEvent, at: number): Write => ({
  op: 'create',
  path: eventPath(id),
  fields: eventDocument({
    type,
    tenant_id: tenantId,
    license_id: licenseId ?? null,
    at,
    data,
    subject: subjectOf(data),
    shard: eventShard(id),
    due: onlyTo === undefined ? at : null,
  }),
  deleteAfter: at + EVENT_RETENTION,
});
