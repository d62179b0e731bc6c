import type { JsonObject } from '../json.ts';
import type { RefusedLicense, ValidLicense } from '../license/result.ts';
import type { VerifyOptions } from '../license/verify.ts';
import type { TrustedClock } from '../trusted-clock.ts';
import type { Granted, Refused, SeatApi, Unavailable } from './api.ts';
import type { LicenseCache } from './cache.ts';

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

/** Acquires a seat, verifies the licence that comes with it, and keeps it for the next start. */
export function createAcquireAndVerify(context: {
  readonly api: Pick<SeatApi, 'acquire'>;
  readonly request: JsonObject;
  readonly verify: Verify;
  readonly clock: TrustedClock;
  readonly cache: Pick<LicenseCache, 'save'>;
}): () => Promise<VerifiedAcquire> {
  const { api, request, verify, clock, cache } = context;
  // A licence that was signed a moment ago says itself what time it is, however wrong the clock of this machine.
  const trusting = { ...clock, turnedBack: () => false };
  return async () => {
    const answer = await api.acquire(request);
    if (answer.kind !== 'granted') return answer;
    const check = await verify(answer.license, trusting);
    if (!check.valid) return { kind: 'unverified', granted: answer, refusal: check };
    if (check.form !== 'unsigned' && check.signedAt !== undefined) clock.sawServer(check.signedAt);
    await cache.save(answer.license);
    return { kind: 'verified', granted: answer, license: check };
  };
}
