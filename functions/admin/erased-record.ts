import { type AuditFields, auditDocument, auditFields } from '#shared/model/audit.ts';
import { normalEmail } from '#shared/model/email.ts';
import { eventDocument, readEvent } from '#shared/model/event.ts';
import { isJsonObject } from '#shared/model/json-text.ts';
import type { Document, Fields, FieldValue, Write } from '#shared/store/store.ts';

/** Stands where the address of an erased person stood. */
export const ERASED = 'erased';

/**
 * An audit record without a person's address: who acted, whom it concerned, and wherever its details are the address.
 * @param email in lower case
 */
export function erasedRecord({ path, fields }: Document, email: string): Write {
  const record = auditFields.parse(fields);
  const isTheirs = (text: string | null) => text !== null && normalEmail(text) === email;
  const { actor, details, subject } = record;
  const changed: AuditFields = {
    ...record,
    actor: isTheirs(actor.email) ? { ...actor, id: erasedId(actor), email: ERASED } : actor,
    details: erasedIn(details, isTheirs),
    subject: isTheirs(subject) ? ERASED : subject,
  };
  return { op: 'update', path, fields: auditDocument(changed) };
}

/**
 * An event without a person's address: its data is what was told, so what was delivered cannot be taken back.
 * @param email in lower case
 */
export function erasedEvent(document: Document, email: string): Write {
  const { data, ...event } = readEvent(document);
  const isTheirs = (text: string | null) => text !== null && normalEmail(text) === email;
  const shown = Object.entries(data).map(([name, value]) => {
    const isOfPerson = name === 'hostname' || (typeof value === 'string' && isTheirs(value));
    return [name, isOfPerson ? ERASED : value];
  });
  const fields = eventDocument({ ...event, data: Object.fromEntries(shown), subject: ERASED });
  return { op: 'update', path: document.path, fields };
}

/** A key is named by its label, which often is the person's name. */
const erasedId = ({ kind, id }: AuditFields['actor']): string => (kind === 'key' ? ERASED : id);

/** What goes with the address of a session's or a key's user: it often is the person's name. */
const NAMES: ReadonlySet<string> = new Set(['hostname', 'label']);

function erasedIn(details: Fields, isTheirs: (text: string) => boolean): Fields {
  const { user_email } = details;
  const isOfPerson = typeof user_email === 'string' && isTheirs(user_email);
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      name,
      isOfPerson && NAMES.has(name) && typeof value === 'string' ? ERASED : replaced(value, isTheirs),
    ]),
  );
}

function replaced(value: FieldValue, isTheirs: (text: string) => boolean): FieldValue {
  if (typeof value === 'string') return isTheirs(value) ? ERASED : value;
  if (Array.isArray(value)) return value.map((item) => replaced(item, isTheirs));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replaced(item, isTheirs)]));
}
