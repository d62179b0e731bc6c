import { formatTime } from '../license-format/time.ts';
import type { Role } from '../model/principal.ts';
import type { MemberFields } from '../model/tenant.ts';
import type { NewEvent } from './outbox.ts';

/**
 * Who joined or left a tenant, or has another role there: the member as the list of members shows it.
 * @param role after the change; null for who is no member any more
 * @param before the role before; null for who was none
 */
export const memberEvent = (
  tenantId: string,
  { uid, email, added_at }: Omit<MemberFields, 'role'> & { readonly uid: string },
  role: Role | null,
  before: Role | null,
): NewEvent => ({
  type: 'member.changed',
  tenantId,
  data: { uid, role, email, added_at: formatTime(added_at), previous: { role: before } },
});
