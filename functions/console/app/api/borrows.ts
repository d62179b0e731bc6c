import type * as z from 'zod';
import type * as borrows from '#shared/contract/borrows.ts';
import { request } from './request.ts';

export type BorrowedFile = z.output<typeof borrows.borrowedFile>;

/** A seat and its licence file for a machine without a network. */
export const borrowForMachine = async (idempotencyKey: string, licenseId: string, body: object) =>
  (
    await request<BorrowedFile>('POST', `/api/v1/licenses/${encodeURIComponent(licenseId)}/borrows`, {
      body,
      idempotencyKey,
    })
  ).data;
