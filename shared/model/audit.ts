import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Document } from '../store/store.ts';

/** Milliseconds for which a record is kept at least: a year and what an audit of it takes. */
export const AUDIT_RETENTION = 430 * 24 * 3600 * 1000;

export const ACTOR_KINDS = ['user', 'staff', 'system'] as const;

/** `accepted` is an act that has been decided and is on its way, `success` one that is in force. */
export const AUDIT_OUTCOMES = ['accepted', 'success'] as const;

const details = z.record(z.string(), z.json());

/** `audit/{audit_id}`: one act. Records are created with the act they tell of and never changed. */
export const auditFields = z.object({
  /** Milliseconds since the epoch. */
  at: z.number().int(),
  actor: z.object({ kind: z.enum(ACTOR_KINDS), id: z.string(), email: z.string().nullable() }),
  /** What was done, e.g. `license.create`. */
  action: z.string(),
  tenant_id: z.string(),
  license_id: z.string().nullable(),
  /** The handle; a session id is a secret and is in no record. */
  session: z.string().nullable(),
  ip: z.string(),
  request_id: z.string(),
  outcome: z.enum(AUDIT_OUTCOMES),
  details,
});

export type AuditFields = z.output<typeof auditFields>;
export type AuditOutcome = AuditFields['outcome'];

export interface AuditRecord extends AuditFields {
  readonly id: string;
}

export const readAudit = ({ id, fields }: Document): AuditRecord => ({ ...auditFields.parse(fields), id });

/** The last millisecond of the thirteen digits that a time has today: in the year 2286. */
const END_OF_TIME = 9_999_999_999_999;

/**
 * A fresh id. Ids are counted down from the end of time, so that in the order of ids the newest record comes first
 * and no index over a growing time is needed.
 * @param now milliseconds since the epoch
 */
export const newAuditId = (now: number): string =>
  `${String(END_OF_TIME - now).padStart(13, '0')}-${randomBytes(12).toString('hex')}`;
