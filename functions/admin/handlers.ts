import type { BoundRoute } from '#shared/http/route.ts';
import { type AuditDomain, auditRoutes } from './audit-handlers.ts';
import { type LicenseDomain, licenseRoutes } from './license-handlers.ts';
import { type TenantDomain, tenantRoutes } from './tenant-handlers.ts';

export interface AdminDomain extends TenantDomain, LicenseDomain, AuditDomain {}

export const adminRoutes = (domain: AdminDomain): BoundRoute[] => [
  ...tenantRoutes(domain),
  ...licenseRoutes(domain),
  ...auditRoutes(domain),
];
