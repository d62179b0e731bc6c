import { signLicenseToken } from '../crypto/jws.ts';
import { type LicenseClaims, type LicenseData, signLicense } from '../crypto/license.ts';
import { KeyRefusedError, type Signer, type SigningKey } from '../crypto/signer.ts';
import type { KeyDirectory } from '../keys/directory.ts';
import { writeLicenseFile } from '../license-format/license-file.ts';
import type { Clock } from '../model/clock.ts';
import type { Logger } from '../model/logger.ts';
import { createBatching } from './batching.ts';
import { createBoundedSigner } from './bounded.ts';
import { createBudgetedSigner } from './budget.ts';

export type TokenFormat = 'signed-json' | 'jws' | 'batch' | 'file';

export type Signed =
  | { readonly license_data: LicenseData }
  | { readonly license_token: string }
  | { readonly license_file: string };

/** Signs claims in the requested format. @throws NotCanonicalError, Fault `signing_unavailable` */
export type SignClaims = (claims: LicenseClaims, format: TokenFormat, key: SigningKey) => Promise<Signed>;

export interface SigningOptions {
  readonly keys: Pick<KeyDirectory, 'current' | 'signingKey' | 'avoid'>;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly log: Logger;
  /** The `iss` of tokens. */
  readonly issuer: string;
  /** Signatures a minute that this instance may request from KMS; undefined: no limit. */
  readonly perMinute: number | undefined;
}

/**
 * Every signature of an instance, of whatever form, comes out of one budget. When KMS refuses the version that should
 * sign, because somebody disabled it by hand, the next best one signs in the same request.
 */
export function createSignClaims(options: SigningOptions): SignClaims {
  const { keys, signer: unlimited, clock, log, issuer, perMinute } = options;
  const bounded = createBoundedSigner({ signer: unlimited, clock });
  const signer = createBudgetedSigner({ signer: bounded, perMinute, clock, log });
  const signInBatch = createBatching({ signer, clock, log });
  const signWith = async (claims: LicenseClaims, format: TokenFormat, key: SigningKey): Promise<Signed> => {
    switch (format) {
      case 'signed-json':
        return { license_data: await signLicense(claims, key, signer, clock.now()) };
      case 'jws':
        return { license_token: await signLicenseToken(claims, issuer, key, signer, clock.now()) };
      case 'batch':
        return { license_data: await signInBatch(claims, key) };
      case 'file': {
        const license = await signLicense(claims, key, signer, clock.now());
        return { license_file: writeLicenseFile({ license, ...(await keys.current()).document }) };
      }
    }
  };
  return async (claims, format, first) => {
    let key = first;
    for (;;) {
      try {
        return await signWith(claims, format, key);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        log.log('ALERT', 'signing_key_refused', { key_version: key.keyVersion, error });
        keys.avoid(key.keyVersion);
        key = await keys.signingKey();
      }
    }
  };
}

const isRefusal = (error: unknown) => error instanceof Error && error.cause instanceof KeyRefusedError;
