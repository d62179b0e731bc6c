/** Paths of the documents that administration owns; those of licences and sessions are in shared/seats. */
export const adminPaths = {
  tenant: (tenantId: string) => `tenants/${tenantId}`,
  members: (tenantId: string) => `tenants/${tenantId}/members`,
  member: (tenantId: string, uid: string) => `tenants/${tenantId}/members/${uid}`,
  invitation: (invitationId: string) => `invitations/${invitationId}`,
  audit: (auditId: string) => `audit/${auditId}`,
} as const;

/** Whether a text can be a document id: no slash, and not `__…__`, which Firestore reserves. */
export const isPlainId = (id: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(id) && !/^__.*__$/.test(id);
