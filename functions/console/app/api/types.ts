import type * as z from 'zod';
import type * as admin from '#shared/contract/admin.ts';
import type * as audit from '#shared/contract/audit.ts';
import type * as keys from '#shared/contract/license-keys.ts';
import type * as members from '#shared/contract/members.ts';
import type * as queue from '#shared/contract/queue.ts';
import type * as tenants from '#shared/contract/tenants.ts';
import type * as webhooks from '#shared/contract/webhooks.ts';

/** What the API answers, by the schemas of its routes. Types only: no schema is part of the bundle. */
export type License = z.output<typeof admin.license>;
export type ListedLicense = z.output<typeof admin.listedLicense>;
export type CreatedLicense = z.output<typeof admin.createdLicense>;
export type Session = z.output<typeof admin.session>;
export type Preview = z.output<typeof admin.dryRun>;
export type LicenseKey = z.output<typeof keys.licenseKey>;
export type CreatedKey = z.output<typeof keys.createdKey>;
export type Webhook = z.output<typeof webhooks.webhook>;
export type CreatedWebhook = Webhook & { readonly secret: string };
export type Delivery = z.output<typeof webhooks.delivery>;
export type Ticket = z.output<typeof queue.ticket>;
export type Tenant = z.output<typeof tenants.tenant>;
export type Member = z.output<typeof members.member>;
export type Invitation = z.output<typeof members.invitation>;
export type CreatedInvitation = z.output<typeof members.createdInvitation>;
export type Me = z.output<typeof members.me>;
export type AuditRecord = z.output<typeof audit.auditRecord>;
export type Usage = z.output<typeof admin.usageReport>;
