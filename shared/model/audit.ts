import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Document, Fields } from '../store/store.ts';
import { jsonText } from './json-text.ts';

/** Minimum retention of a record in milliseconds: a year, and the time that an audit of it takes. */
export const AUDIT_RETENTION = 430 * 24 * 3600 * 1000;

/** The last time in milliseconds with thirteen digits, in the year 2286. */
const END_OF_TIME = 9_999_999_999_999;

export const ACTOR_KINDS = ['user', 'staff', 'service', 'portal', 'key', 'system'] as const;

/** `accepted`: the change is committed and not yet in force; `success`: it is in force. */
export const AUDIT_OUTCOMES = ['accepted', 'success'] as const;

/**
 * `audit/{audit_id}`: one change. A record is committed together with its change and never updated, except that an erased
 * person's address is replaced.
 */
export const auditFields = z.object({
  /** Milliseconds since the epoch. */
  at: z.number().int().min(0).max(END_OF_TIME),
  actor: z.object({ kind: z.enum(ACTOR_KINDS), id: z.string(), email: z.string().nullable() }),
  /** E.g. `license.create`. */
  action: z.string(),
  tenant_id: z.string(),
  license_id: z.string().nullable(),
  /** The handle. Records never contain a session id, which is a secret. */
  session: z.string().nullable(),
  ip: z.string(),
  request_id: z.string(),
  outcome: z.enum(AUDIT_OUTCOMES),
  details: jsonText<Fields>(),
  /** The address of the person whom the change concerns, in lower case, so that the record is found by it. */
  subject: z.string().nullable(),
});

export type AuditFields = z.output<typeof auditFields>;
export type AuditOutcome = AuditFields['outcome'];

export interface AuditRecord extends AuditFields {
  readonly id: string;
}

/** The fields of a record as its document has them. */
export const auditDocument = (fields: AuditFields): Fields => z.encode(auditFields, fields);

/**
 * A record, whatever its document holds: one record that cannot be read must not hide the others. Such a record keeps
 * its id and time, and has the action `unreadable`.
 */
export function readAudit({ id, fields }: Document): AuditRecord {
  try {
    return { ...auditFields.parse(fields), id };
  } catch {
    return { ...UNREADABLE, id, at: timeOf(id) };
  }
}

const UNREADABLE: Omit<AuditFields, 'at'> = {
  actor: { kind: 'system', id: 'unknown', email: null },
  action: 'unreadable',
  tenant_id: '',
  license_id: null,
  session: null,
  ip: '',
  request_id: '',
  outcome: 'success',
  details: {},
  subject: null,
};

/**
 * A fresh id. Ids count down from END_OF_TIME, so that the newest record has the lowest id and listing needs no index
 * over a growing time.
 * @param now milliseconds since the epoch
 */
export const newAuditId = (now: number): string => auditId(now, randomBytes(12).toString('hex'));

/**
 * The id of a record that can be made only once, because its name is given.
 * @param at milliseconds since the epoch
 * @param name letters, digits, `_` and `-`
 */
export const auditId = (at: number, name: string): string => `${String(END_OF_TIME - at).padStart(13, '0')}-${name}`;

/** The time that an id was made from. */
const timeOf = (id: string): number => {
  const digits = /^(\d{13})-/.exec(id)?.[1];
  return digits === undefined ? 0 : END_OF_TIME - Number(digits);
};

/**
 * What sorts before the ids that were made at a moment or earlier, and after all that were made later: where a list that
 * begins with the newest reaches that moment.
 * @param time milliseconds since the epoch
 */
export const idsFrom = (time: number): string => String(END_OF_TIME - time).padStart(13, '0');
