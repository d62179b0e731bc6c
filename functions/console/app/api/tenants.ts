import { everyPage } from './licenses.ts';
import { remove, request } from './request.ts';
import type { CreatedInvitation, Invitation, Member, Tenant } from './types.ts';

const path = (id: string) => `/api/v1/tenants/${encodeURIComponent(id)}`;

/** People in one tenant; beyond them the list says that it is not complete. */
const MAX_MEMBERS = 1_000;

export const listTenants = (query: { q?: string | undefined; cursor?: string | undefined }, signal: AbortSignal) =>
  request<Tenant[]>('GET', '/api/v1/tenants', { query: { ...query, limit: 50 }, signal, tenant: null });

export const getTenant = async (id: string, signal: AbortSignal) =>
  (await request<Tenant>('GET', path(id), { signal, tenant: null })).data;

export const createTenant = async (idempotencyKey: string, body: object) =>
  (await request<Tenant>('POST', '/api/v1/tenants', { body, idempotencyKey, tenant: null })).data;

export const changeTenant = async (id: string, body: object) =>
  (await request<Tenant>('PATCH', path(id), { body, tenant: null })).data;

export const deleteTenant = (id: string) => remove(path(id), { tenant: null });

export const listMembers = (id: string, signal: AbortSignal) =>
  everyPage<Member>(`${path(id)}/members`, signal, MAX_MEMBERS);

export const putMember = (id: string, uid: string, role: string) =>
  request<Member>('PUT', `${path(id)}/members/${encodeURIComponent(uid)}`, { body: { role } });

export const removeMember = (id: string, uid: string) => remove(`${path(id)}/members/${encodeURIComponent(uid)}`);

export const listInvitations = (id: string, signal: AbortSignal) =>
  everyPage<Invitation>(`${path(id)}/members/invitations`, signal, MAX_MEMBERS);

export const invite = async (idempotencyKey: string, id: string, body: object) =>
  (await request<CreatedInvitation>('POST', `${path(id)}/members/invitations`, { body, idempotencyKey })).data;

export const withdrawInvitation = (id: string, invitation: string) =>
  remove(`${path(id)}/members/invitations/${encodeURIComponent(invitation)}`);
