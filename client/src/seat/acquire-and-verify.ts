import { toBase64Url } from '../encoding.ts';
import type { JsonObject } from '../json.ts';
import type { RefusedLicense, ValidLicense } from '../license/result.ts';
import { isBorrowed, worksOffline } from '../license/strict.ts';
import type { TrustedClock } from '../trusted-clock.ts';
import type { AcquireResult, Granted, HeartbeatResult, Queued, Refused, SeatApi } from './api.ts';
import type { LicenseCache } from './cache.ts';
import type { Unavailable } from './failure.ts';

/** @param asked what the trusted clock showed when the request with the nonce was sent */
export type Verify = (
  license: unknown,
  nonce?: string,
  asked?: readonly number[],
) => Promise<ValidLicense | RefusedLicense>;

export type VerifiedAcquire =
  | { readonly kind: 'verified'; readonly granted: Granted; readonly license: ValidLicense }
  /** The seat is ours, and the licence that came with it is not to be used. */
  | { readonly kind: 'unverified'; readonly granted: Granted; readonly refusal: RefusedLicense }
  | Queued
  | Refused
  | Unavailable;

/**
 * Acquires a seat and verifies the licence that comes with it. What may serve a later start is kept: a copy that is no
 * longer good than the lease would be over before it is needed.
 * @param options.timeout as `SeatApi.acquire` takes it
 * @param options.queue seconds for which the machine waits for a free seat, if it does
 */
export type AcquireAndVerify = (options?: {
  readonly timeout?: number | undefined;
  readonly queue?: number | undefined;
}) => Promise<VerifiedAcquire>;

/** The same for a borrowed seat. @param seconds default: as many as the licence allows */
export type BorrowAndVerify = (seconds: number | undefined) => Promise<VerifiedAcquire>;

interface Asking {
  readonly api: Pick<SeatApi, 'acquire' | 'borrow'>;
  readonly request: JsonObject;
  readonly verify: Verify;
  readonly cache: Pick<LicenseCache, 'save' | 'forget'>;
  readonly clock: Pick<TrustedClock, 'asked'>;
}

export const createAcquireAndVerify =
  (context: Asking): AcquireAndVerify =>
  ({ timeout, queue } = {}) =>
    askAndVerify(context, (request) =>
      context.api.acquire(queue === undefined ? request : { ...request, queue: { max_wait_seconds: queue } }, timeout),
    );

export const createBorrowAndVerify =
  (context: Asking): BorrowAndVerify =>
  (seconds) =>
    askAndVerify(context, (request) => context.api.borrow({ ...request, borrow_seconds: seconds }));

async function askAndVerify(
  { request, verify, cache, clock }: Asking,
  ask: (request: JsonObject) => Promise<AcquireResult>,
): Promise<VerifiedAcquire> {
  const [nonce, asked] = [drawNonce(), clock.asked()];
  const answer = await ask({ ...request, nonce });
  if (answer.kind !== 'granted') return answer;
  const check = await verify(answer.license, nonce, asked);
  if (!check.valid) return { kind: 'unverified', granted: answer, refusal: check };
  await (outlives(check, answer) ? cache.save(answer.license) : cache.forget('strict'));
  return { kind: 'verified', granted: answer, license: check };
}

/** A copy that ends with its lease would be over before a later start needs it, so nothing of it is kept. */
const outlives = (license: ValidLicense, { leaseEndsAt }: Pick<Granted, 'leaseEndsAt'>): boolean =>
  isBorrowed(license) ||
  (worksOffline(license) && (license.validUntil === undefined || license.validUntil > leaseEndsAt));

/** A heartbeat, and the licence that came with it if one was asked for. */
export type VerifiedHeartbeat =
  | {
      readonly kind: 'renewed';
      readonly leaseEndsAt: number;
      readonly license?: ValidLicense | undefined;
      readonly refusal?: RefusedLicense | undefined;
    }
  | Exclude<HeartbeatResult, { readonly kind: 'renewed' }>;

/** Prolongs the lease and, with `refresh`, the copy of the licence as well. */
export type HeartbeatAndVerify = (sessionId: string, refresh: boolean) => Promise<VerifiedHeartbeat>;

export function createHeartbeatAndVerify(context: {
  readonly api: Pick<SeatApi, 'heartbeat'>;
  readonly refresh: JsonObject;
  readonly verify: Verify;
  readonly cache: Pick<LicenseCache, 'save'>;
  readonly clock: Pick<TrustedClock, 'asked'>;
}): HeartbeatAndVerify {
  const { api, refresh, verify, cache, clock } = context;
  return async (sessionId, isRefreshing) => {
    const [nonce, asked] = [drawNonce(), clock.asked()];
    const answer = await api.heartbeat(sessionId, isRefreshing ? { ...refresh, nonce } : undefined);
    if (answer.kind !== 'renewed') return answer;
    const { kind, leaseEndsAt, license } = answer;
    if (!isRefreshing || license === undefined) return { kind, leaseEndsAt };
    const check = await verify(license, nonce, asked);
    if (!check.valid) return { kind, leaseEndsAt, refusal: check };
    if (outlives(check, answer)) await cache.save(license);
    return { kind, leaseEndsAt, license: check };
  };
}

/** 128 random bits, one for each request: an answer that repeats them is no recording. */
const drawNonce = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
