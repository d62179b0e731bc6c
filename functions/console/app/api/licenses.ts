import { remove, request } from './request.ts';
import type {
  CreatedKey,
  CreatedLicense,
  License,
  LicenseKey,
  ListedLicense,
  NamedUser,
  Preview,
  Session,
} from './types.ts';

export interface LicenseFilter {
  readonly q?: string | undefined;
  readonly status?: string | undefined;
  readonly tier?: string | undefined;
  readonly expires_before?: string | undefined;
  readonly cursor?: string | undefined;
}

const path = (id: string) => `/api/v1/licenses/${encodeURIComponent(id)}`;

export const listLicenses = (filter: LicenseFilter, signal: AbortSignal, limit = 50) =>
  request<ListedLicense[]>('GET', '/api/v1/licenses', { query: { ...filter, limit, include: 'seats_used' }, signal });

export const getLicense = async (id: string, signal: AbortSignal) =>
  (await request<License>('GET', path(id), { signal })).data;

export const createLicense = async (idempotencyKey: string, body: object) =>
  (await request<CreatedLicense>('POST', '/api/v1/licenses', { body, idempotencyKey })).data;

export const changeLicense = async (id: string, body: object) =>
  (await request<License>('PATCH', path(id), { body })).data;

/** Whose sessions the change would end. */
export const previewChange = async (id: string, body: object, signal?: AbortSignal) =>
  (await request<Preview>('PATCH', path(id), { query: { dry_run: 'true' }, body, ...(signal ? { signal } : {}) })).data;

export const archiveLicense = (id: string) => remove(path(id));

export const lookupLicense = async (license_key: string) =>
  (await request<License>('POST', '/api/v1/licenses/lookup', { body: { license_key } })).data;

export const listKeys = (id: string, signal: AbortSignal) => everyPage<LicenseKey>(`${path(id)}/keys`, signal, 500);

export const createKey = async (idempotencyKey: string, id: string, body: object) =>
  (await request<CreatedKey>('POST', `${path(id)}/keys`, { body, idempotencyKey })).data;

export const endKey = (id: string, key: string, endSessions: boolean) =>
  remove(`${path(id)}/keys/${encodeURIComponent(key)}`, {
    query: endSessions ? { end_sessions: 'true' } : {},
  });

export const listNamedUsers = (id: string, signal: AbortSignal, cap: number) =>
  everyPage<NamedUser>(`${path(id)}/users`, signal, cap);

export const putNamedUser = (id: string, email: string) =>
  request<NamedUser>('PUT', `${path(id)}/users/${encodeURIComponent(email)}`);

export const removeNamedUser = (id: string, email: string) =>
  request<void>('DELETE', `${path(id)}/users/${encodeURIComponent(email)}`);

export const endSession = (session: string, recall = false) =>
  request<void>('DELETE', `/api/v1/sessions/${encodeURIComponent(session)}`, {
    query: recall ? { recall: 'true' } : {},
  });

export const listSessions = (id: string, signal: AbortSignal, cap: number) =>
  everyPage<Session>(`${path(id)}/sessions`, signal, cap);

export interface Pages<T> {
  readonly items: readonly T[];
  /** False when there are more than were asked for. */
  readonly complete: boolean;
}

const PAGE = 100;

/**
 * The pages of a list, until there are `cap` items.
 * @param tenant null: of all tenants, also when the person has chosen one
 */
export async function everyPage<T>(url: string, signal: AbortSignal, cap: number, tenant?: null): Promise<Pages<T>> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const { data, next } = await request<T[]>('GET', url, {
      query: { limit: PAGE, cursor },
      signal,
      ...(tenant === null ? { tenant } : {}),
    });
    items.push(...data);
    cursor = next;
  } while (cursor !== undefined && items.length < cap);
  return { items, complete: cursor === undefined };
}
