/** Where the documents of administration are; those of licences and sessions are the seat protocol's. */
export const adminPaths = {
  tenant: (tenantId: string) => `tenants/${tenantId}`,
  members: (tenantId: string) => `tenants/${tenantId}/members`,
  member: (tenantId: string, uid: string) => `tenants/${tenantId}/members/${uid}`,
  audit: (auditId: string) => `audit/${auditId}`,
} as const;

/** An id that would be another path is nobody's, and so is one that Firestore keeps to itself: `__…__`. */
export const isPlainId = (id: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(id) && !/^__.*__$/.test(id);
