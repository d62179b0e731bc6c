import * as z from 'zod';
import type { Document, Fields, FieldValue, UpdateTime } from '../store/store.ts';
import { jsonText } from './json-text.ts';
import { type Metadata, TIERS } from './license.ts';
import { newLicenseId } from './license-key.ts';
import { ROLES } from './principal.ts';

const integer = z.number().int();

/** `tenants/{tenant_id}`. Times are milliseconds since the epoch. */
export const tenantFields = z.object({
  name: z.string(),
  tier: z.enum(TIERS),
  /** Maximum number of seats of its licences in total; null: no limit. */
  seat_limit: integer.nullable(),
  /** The sum of `max_seats` over its licences, exact at all times. */
  seats_allotted: integer,
  /** Number of members who are owners, so that the last one is recognised without a query. */
  owners: integer,
  /**
   * Number of members. Every commit that adds or removes one changes it, so a deletion, which lists the members first,
   * fails when somebody has joined meanwhile.
   */
  members: integer,
  /** The vendor's own identifier. */
  reference: z.string().nullable(),
  metadata: jsonText<Metadata>(),
  stripe_customer_id: z.string().nullable(),
  stripe_subscription_id: z.string().nullable(),
  created_at: integer,
});

export const tenantPath = (tenantId: string): string => `tenants/${tenantId}`;

export type TenantFields = z.output<typeof tenantFields>;

export interface Tenant extends TenantFields {
  readonly id: string;
  readonly updateTime: UpdateTime;
}

/** The fields of a tenant, or some of them, as its document has them. */
export const tenantDocument = (fields: Partial<TenantFields>): Fields =>
  z.record(z.string(), z.custom<FieldValue>()).parse(z.encode(someFields, fields));

const someFields = tenantFields.partial();

/** @throws ZodError when the document is not what we write */
export const readTenant = ({ id, fields, updateTime }: Document): Tenant => ({
  ...tenantFields.parse(fields),
  id,
  updateTime,
});

/** A fresh tenant id: `ten_` and twelve characters (60 bits) of the alphabet of licence ids. */
export const newTenantId = (): string => `ten_${newLicenseId().slice('lic_'.length)}`;

/** `tenants/{tenant_id}/members/{uid}`: the tenant's list of people. What each may do is in `users/{uid}`. */
export const memberFields = z.object({
  role: z.enum(ROLES),
  email: z.string().nullable(),
  added_at: integer,
});

export type MemberFields = z.output<typeof memberFields>;

export interface Member extends MemberFields {
  readonly uid: string;
  readonly updateTime: UpdateTime;
}

export const readMember = ({ id, fields, updateTime }: Document): Member => ({
  ...memberFields.parse(fields),
  uid: id,
  updateTime,
});

/** Milliseconds for which an invitation can be accepted. */
export const INVITATION_LIFETIME = 7 * 24 * 3600 * 1000;

/** `invitations/{invitation_id}`: one for a tenant and an address. */
export const invitationFields = z.object({
  tenant_id: z.string(),
  /** In lower case. */
  email: z.string(),
  role: z.enum(ROLES),
  /** SHA-256 of the token's secret part, in hexadecimal digits. */
  token_hash: z.string(),
  /** The uid of whoever invited. */
  invited_by: z.string(),
  created_at: integer,
  expires_at: integer,
  /** The uid of whoever accepted; null while it is open. */
  accepted_by: z.string().nullable(),
});

export type InvitationFields = z.output<typeof invitationFields>;

export interface Invitation extends InvitationFields {
  readonly id: string;
  readonly updateTime: UpdateTime;
}

export const readInvitation = ({ id, fields, updateTime }: Document): Invitation => ({
  ...invitationFields.parse(fields),
  id,
  updateTime,
});
