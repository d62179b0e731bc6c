import { request } from './request.ts';
import type { Usage } from './types.ts';

export interface UsageQuery {
  readonly resolution: 'day' | 'hour';
  /** RFC 3339 times. */
  readonly from?: string;
  readonly to?: string;
}

const path = (licenseId: string) => `/api/v1/licenses/${encodeURIComponent(licenseId)}/usage`;

export const getUsage = async (licenseId: string, query: UsageQuery, signal: AbortSignal) =>
  (await request<Usage>('GET', path(licenseId), { query: { ...query }, signal })).data;

/** The API's own table of the same period. */
export const getUsageCsv = async (licenseId: string, query: UsageQuery) =>
  (await request<string>('GET', path(licenseId), { query: { ...query }, accept: 'text/csv' })).data;
