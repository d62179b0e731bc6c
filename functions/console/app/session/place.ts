import { computed, signal } from '@preact/signals';
import { kept } from './kept.ts';
import type { Part } from './rights-table.ts';
import { type SignedIn, session } from './session.ts';

const KEPT = 'tenant';

/** The tenant that the person has chosen to act in; undefined: staff see all of them. */
const chosen = signal<string | undefined>(kept.get(KEPT));

/** The tenant that requests are for. Whoever belongs to tenants always acts in one of them. */
export const tenantId = computed<string | undefined>(() => {
  const person = session.value;
  if (person.state !== 'signed_in') return undefined;
  if (person.staff) return chosen.value;
  const own = Object.keys(person.tenants).sort();
  return own.find((id) => id === chosen.value) ?? own[0];
});

/** Whether this page is the portal, which belongs to one licence and to nobody who has signed in. */
export const inPortal = signal(false);

/** What the person is there; undefined for somebody who belongs nowhere. */
export const part = computed<Part | undefined>(() => {
  if (inPortal.value) return 'portal';
  const person = session.value;
  if (person.state !== 'signed_in') return undefined;
  return person.staff ? 'staff' : roleIn(person, tenantId.value);
});

const roleIn = ({ tenants }: SignedIn, id: string | undefined): Part | undefined =>
  id !== undefined && Object.hasOwn(tenants, id) ? (tenants[id] as Part) : undefined;

export function chooseTenant(id: string | undefined): void {
  if (id === undefined) kept.remove(KEPT);
  else kept.set(KEPT, id);
  chosen.value = id;
}
