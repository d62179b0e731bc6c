import { createHash } from 'node:crypto';
import { AUDIT_RETENTION, type AuditOutcome, type AuditRecord, auditDocument } from '../model/audit.ts';
import type { Logger } from '../model/logger.ts';
import { subjectOf } from '../model/subject.ts';
import type { Fields, Write } from '../store/store.ts';
import type { Actor } from './actor.ts';

/** The content of an audit record, apart from its actor and time. */
export interface AuditEvent {
  /** E.g. `license.create`. */
  readonly action: string;
  /** Empty when it concerns no tenant. */
  readonly tenantId: string;
  readonly licenseId?: string | undefined;
  /** The handle. */
  readonly session?: string;
  readonly details?: Fields;
  /** Default: `success`. */
  readonly outcome?: AuditOutcome;
}

export const auditPath = (auditId: string): string => `audit/${auditId}`;

/** @param at milliseconds since the epoch */
export function auditRecord(id: string, actor: Actor, event: AuditEvent, at: number): AuditRecord {
  const { action, tenantId, licenseId, session, details = {}, outcome = 'success' } = event;
  return {
    id,
    at,
    actor: actor.identity,
    action,
    tenant_id: tenantId,
    license_id: licenseId ?? null,
    session: session ?? null,
    ip: actor.ip,
    request_id: actor.request_id,
    outcome,
    details,
    subject: subjectOf(details),
  };
}

/** Creates the record's document: a write that is repeated finds it and fails. */
export const auditWrite = ({ id, ...fields }: AuditRecord): Write => ({
  op: 'create',
  path: auditPath(id),
  fields: auditDocument(fields),
  deleteAfter: fields.at + AUDIT_RETENTION,
});

/**
 * The record's line in the log, which goes to a bucket that nobody can shorten (terraform/modules/audit). It names no
 * person by address, since what is there cannot be erased; a digest ties it to the details of the record.
 */
export function auditLine(log: Logger, { id, actor, details, ...record }: AuditRecord): void {
  const { action, tenant_id, license_id, session, outcome, request_id } = record;
  log.log('INFO', 'audit_record', {
    audit_id: id,
    actor: { kind: actor.kind, id: actor.id },
    ...{ action, tenant_id: tenant_id || null, license_id, session, outcome, request_id },
    details_sha256: createHash('sha256').update(JSON.stringify(details)).digest('hex'),
  });
}
