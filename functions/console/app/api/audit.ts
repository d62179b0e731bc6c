import { request } from './request.ts';
import type { AuditRecord } from './types.ts';

export interface AuditQuery {
  readonly license_id?: string | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly session?: string | undefined;
  readonly since?: string | undefined;
  readonly cursor?: string | undefined;
}

export const listAudit = (query: AuditQuery, signal: AbortSignal, limit = 50) =>
  request<AuditRecord[]>('GET', '/api/v1/audit', { query: { ...query, limit }, signal });
