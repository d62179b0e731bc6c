import type { Query } from '../store/store.ts';

/** Queries over the licences of one tenant. */
export const licenseQueries = {
  /** A tenant's licences that count although they have ended. */
  endedLicenses: (tenantId: string, now: number, limit: number): Query => ({
    collection: 'licenses',
    where: [
      ['tenant_id', '==', tenantId],
      ['allotted', '==', true],
      ['expires_at', '<=', now],
    ],
    orderBy: [['expires_at', 'asc']],
    limit,
  }),
} as const;
