import { tenantPath } from '#shared/model/tenant.ts';

/** Paths of the documents that administration owns; those of licences and sessions are in shared/seats. */
export const adminPaths = {
  recalls: (licenseId: string) => `licenses/${licenseId}/recalls`,
  recall: (licenseId: string, number: number) => `licenses/${licenseId}/recalls/${number}`,
  tenant: tenantPath,
  members: (tenantId: string) => `tenants/${tenantId}/members`,
  member: (tenantId: string, uid: string) => `tenants/${tenantId}/members/${uid}`,
  invitation: (invitationId: string) => `invitations/${invitationId}`,
  audit: (auditId: string) => `audit/${auditId}`,
} as const;
