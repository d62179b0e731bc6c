import type { BoundRoute } from '#shared/http/route.ts';
import { type AuditDomain, auditRoutes } from './audit-handlers.ts';
import { type DenialDomain, denialRoutes } from './denial-handlers.ts';
import { type EventDomain, eventRoutes } from './event-handlers.ts';
import { type LicenseCreationDomain, licenseCreationRoutes } from './license-creation-handlers.ts';
import { type LicenseDomain, licenseRoutes } from './license-handlers.ts';
import { type LicenseKeyDomain, licenseKeyRoutes } from './license-key-handlers.ts';
import { type MemberDomain, memberRoutes } from './member-handlers.ts';
import { type NamedUserDomain, namedUserRoutes } from './named-user-handlers.ts';
import { type PeopleDomain, peopleRoutes } from './people-handlers.ts';
import { type QueueDomain, queueRoutes } from './queue-handlers.ts';
import { type TenantDomain, tenantRoutes } from './tenant-handlers.ts';
import { type UsageDomain, usageRoutes } from './usage-handlers.ts';
import { type WebhookDomain, webhookRoutes } from './webhook-handlers.ts';

export interface AdminDomain
  extends TenantDomain,
    MemberDomain,
    LicenseDomain,
    LicenseKeyDomain,
    NamedUserDomain,
    QueueDomain,
    LicenseCreationDomain,
    AuditDomain,
    PeopleDomain,
    UsageDomain,
    DenialDomain,
    EventDomain,
    WebhookDomain {}

export const adminRoutes = (domain: AdminDomain): BoundRoute[] => [
  ...tenantRoutes(domain),
  ...memberRoutes(domain),
  ...licenseCreationRoutes(domain),
  ...licenseRoutes(domain),
  ...licenseKeyRoutes(domain),
  ...namedUserRoutes(domain),
  ...queueRoutes(domain),
  ...auditRoutes(domain),
  ...peopleRoutes(domain),
  ...usageRoutes(domain),
  ...denialRoutes(domain),
  ...eventRoutes(domain),
  ...webhookRoutes(domain),
];
