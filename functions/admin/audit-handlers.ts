import * as contract from '#shared/contract/audit.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { formatTime, parseTime } from '#shared/license-format/time.ts';
import type { AuditRecord } from '#shared/model/audit.ts';
import { isJsonObject } from '#shared/model/json-text.ts';
import type { Fields, FieldValue } from '#shared/store/store.ts';
import type { createAudit } from './audit.ts';
import { listResponse } from './list-response.ts';
import { scopeOf } from './scope.ts';

export interface AuditDomain {
  readonly audit: ReturnType<typeof createAudit>;
}

export const auditRoutes = ({ audit }: AuditDomain): BoundRoute[] => [
  bind(contract.listAudit, async ({ query, principal }) => {
    const filter = {
      tenantId: query.tenant_id,
      licenseId: query.license_id,
      session: query.session,
      actor: query.actor,
      action: query.action,
      since: query.since === undefined ? undefined : parseTime(query.since),
    };
    const page = await audit(scopeOf(principal), filter, query);
    return listResponse(contract.listAudit, { query }, page, describeAudit);
  }),
];

export const describeAudit = ({ id, at, details, subject: _subject, tenant_id, ...record }: AuditRecord) => ({
  audit_id: id,
  at: formatTime(at),
  ...record,
  tenant_id: tenant_id || null,
  details: readable(details),
});

/** The members of details that are times, in milliseconds. */
const TIMES: ReadonlySet<string> = new Set(['expires_at', 'updates_until', 'until', 'old_keys_until']);
/** The members of details whose own members are a document's fields before and after a change. */
const STATES: ReadonlySet<string> = new Set(['before', 'after']);

/**
 * Formats the times that are known by their place: members of the details themselves and of their states. Everything
 * deeper is data of the vendor's, which may have any name and value, and stays as it was recorded.
 */
const readable = (details: Fields): Fields =>
  Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      name,
      STATES.has(name) && isFields(value) ? withTimes(value) : withTime(name, value),
    ]),
  );

const withTimes = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, withTime(name, value)]));

const withTime = (name: string, value: FieldValue): FieldValue =>
  TIMES.has(name) && typeof value === 'number' && Math.abs(value) <= MAX_TIME ? formatTime(value) : value;

/** The largest number of milliseconds that is a time in JavaScript (ECMA-262, section 21.4.1.1). */
const MAX_TIME = 8.64e15;

const isFields = (value: FieldValue): value is Fields => isJsonObject(value);
