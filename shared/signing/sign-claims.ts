import { signLicenseToken } from '../crypto/jws.ts';
import { type LicenseClaims, type LicenseData, signLicense } from '../crypto/license.ts';
import type { Signer, SigningKey } from '../crypto/signer.ts';
import type { Clock } from '../model/clock.ts';
import type { Logger } from '../model/logger.ts';
import { createBatching } from './batching.ts';
import { createBudgetedSigner } from './budget.ts';

export type TokenFormat = 'signed-json' | 'jws' | 'batch';

export type Signed = { readonly license_data: LicenseData } | { readonly license_token: string };

/** Signs claims in the requested format. @throws NotCanonicalError, Fault `signing_unavailable` */
export type SignClaims = (claims: LicenseClaims, format: TokenFormat, key: SigningKey) => Promise<Signed>;

export interface SigningOptions {
  readonly signer: Signer;
  readonly clock: Clock;
  readonly log: Logger;
  /** The `iss` of tokens. */
  readonly issuer: string;
  /** Signatures a minute that this instance may request from KMS; undefined: no limit. */
  readonly perMinute: number | undefined;
}

/** All signatures of an instance, whatever their format, share one budget. */
export function createSignClaims({ signer: unlimited, clock, log, issuer, perMinute }: SigningOptions): SignClaims {
  const signer = createBudgetedSigner({ signer: unlimited, perMinute, clock, log });
  const signInBatch = createBatching({ signer, clock, log });
  return async (claims, format, key) => {
    switch (format) {
      case 'signed-json':
        return { license_data: await signLicense(claims, key, signer, clock.now()) };
      case 'jws':
        return { license_token: await signLicenseToken(claims, issuer, key, signer, clock.now()) };
      case 'batch':
        return { license_data: await signInBatch(claims, key) };
    }
  };
}
