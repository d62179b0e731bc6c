import type * as z from 'zod';
import type * as holders from '#shared/contract/holders.ts';
import { request } from './request.ts';

export type Holder = z.output<typeof holders.holder>;
export type HoldersAnswer = readonly Holder[] | { readonly seats_used: number; readonly seats_total: number };

/** Who has the seats, as the licence tells whoever has its key; the person who asks is no part of it. */
export const listHolders = async (license_key: string) =>
  (await request<HoldersAnswer>('POST', '/api/v1/licenses/holders', { body: { license_key }, tenant: null })).data;

export const releaseHolder = (license_key: string, session: string) =>
  request<void>('POST', '/api/v1/licenses/holders/release', { body: { license_key, session }, tenant: null });
