import type { NewEvent } from '../events/outbox.ts';
import type { EventData, EventType } from '../model/event.ts';
import type { LicenseFields } from '../model/license.ts';
import { describeLicense } from './describe-license.ts';

type Identified = LicenseFields & { readonly id: string };

/**
 * An event of a licence: the licence as its GET shows it, with the values before of the members that differ.
 * @param before the licence as it was; undefined for an event that is no change
 * @param more further members of the data
 */
export function licenseEvent(type: EventType, after: Identified, before?: Identified, more: EventData = {}): NewEvent {
  const data = { ...describeLicense(after), ...more };
  const { tenant_id: tenantId, id: licenseId } = after;
  if (before === undefined) return { type, tenantId, licenseId, data };
  return { type, tenantId, licenseId, data: { ...data, previous: differing(describeLicense(before), data) } };
}

/** What a change of terms is called. */
export function typeOfChange(before: LicenseFields, after: LicenseFields): EventType {
  if (before.status === 'active' && after.status === 'suspended') return 'license.suspended';
  if (before.status === 'suspended' && after.status === 'active') return 'license.reinstated';
  return 'license.updated';
}

/** The members of the first that the second has otherwise. */
const differing = (before: object, after: EventData): EventData =>
  Object.fromEntries(
    Object.entries(before).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(after[name])),
  );
