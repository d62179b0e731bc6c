import type { JsonObject } from '../json.ts';
import type { RefusedLicense, ValidLicense } from '../license/result.ts';
import type { VerifyOptions } from '../license/verify.ts';
import type { TrustedClock } from '../trusted-clock.ts';
import type { Granted, Refused, SeatApi } from './api.ts';
import type { LicenseCache } from './cache.ts';
import type { Unavailable } from './failure.ts';

export type Verify = (
  license: unknown,
  clock: NonNullable<VerifyOptions['clock']>,
) => Promise<ValidLicense | RefusedLicense>;

export type VerifiedAcquire =
  | { readonly kind: 'verified'; readonly granted: Granted; readonly license: ValidLicense }
  /** The seat is ours, and the licence that came with it is not to be used. */
  | { readonly kind: 'unverified'; readonly granted: Granted; readonly refusal: RefusedLicense }
  | Refused
  | Unavailable;

/**
 * Acquires a seat and verifies the licence that comes with it. What may serve a later start is kept: a copy that is no
 * longer good than the lease would be over before it is needed.
 * @param timeout milliseconds, when less than the usual is to be waited for
 */
export type AcquireAndVerify = (timeout?: number) => Promise<VerifiedAcquire>;

export function createAcquireAndVerify(context: {
  readonly api: Pick<SeatApi, 'acquire'>;
  readonly request: JsonObject;
  readonly verify: Verify;
  readonly clock: TrustedClock;
  readonly cache: Pick<LicenseCache, 'save' | 'forget'>;
}): AcquireAndVerify {
  const { api, request, verify, clock, cache } = context;
  // A licence that was signed a moment ago says itself what time it is, however wrong the clock of this machine.
  const trusting = { ...clock, turnedBack: () => false };
  return async (timeout) => {
    const answer = await api.acquire(request, timeout);
    if (answer.kind !== 'granted') return answer;
    const check = await verify(answer.license, trusting);
    if (!check.valid) return { kind: 'unverified', granted: answer, refusal: check };
    if (check.form !== 'unsigned' && check.signedAt !== undefined) clock.sawServer(check.signedAt);
    await (outlives(check, answer) ? cache.save(answer.license) : cache.forget('strict'));
    return { kind: 'verified', granted: answer, license: check };
  };
}

/** Strict licences end with the lease: a start needs the server, so nothing of them is kept. */
const outlives = ({ validUntil }: ValidLicense, { leaseEndsAt }: Granted): boolean =>
  validUntil === undefined || validUntil > leaseEndsAt;
