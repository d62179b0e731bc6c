import type { Owner } from '../concurrency/fair-queue.ts';
import { signLicenseToken } from '../crypto/jws.ts';
import { type LicenseClaims, type LicenseData, signLicense } from '../crypto/license.ts';
import { KeyRefusedError, type Signer, type SigningKey } from '../crypto/signer.ts';
import type { KeyDirectory } from '../keys/directory.ts';
import { writeLicenseFile } from '../license-format/license-file.ts';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import { createBatching } from './batching.ts';
import type { SigningBudget } from './budget.ts';
import { createTurns } from './turns.ts';

/** Seconds until it is worth asking again, when KMS has refused every version. */
const RETRY_AFTER = 10;

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
  /** Absent: no limit. */
  readonly budget?: SigningBudget | undefined;
  /** Waits until a signature may be requested. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Every signature of an instance, of whatever form, waits for its turn in one place. When KMS refuses the version that
 * should sign, because somebody disabled it by hand, the next best one signs in the same request.
 */
export function createSignClaims(options: SigningOptions): SignClaims {
  const { keys, clock, log, issuer, budget, pause } = options;
  const signer = logged(options.signer, clock, log);
  const turns = createTurns({ clock, log, budget, pause });
  const signInBatch = createBatching({ signer, turns, clock, log });
  const signAlone = (claims: LicenseClaims, key: SigningKey) =>
    turns.single(ownerOf(claims), () => signLicense(claims, key, signer, clock.now()));
  const signWith = async (claims: LicenseClaims, format: TokenFormat, key: SigningKey): Promise<Signed> => {
    switch (format) {
      case 'signed-json':
        return { license_data: await signAlone(claims, key) };
      case 'jws': {
        const sign = () => signLicenseToken(claims, issuer, key, signer, clock.now());
        return { license_token: await turns.single(ownerOf(claims), sign) };
      }
      case 'batch':
        return { license_data: await signInBatch(claims, key, ownerOf(claims)) };
      case 'file': {
        const license = await signAlone(claims, key);
        return { license_file: writeLicenseFile({ license, ...(await keys.current()).document }) };
      }
    }
  };
  return async (claims, format, first) => {
    const refused = new Set<string>();
    for (let key = first; ; key = await keys.signingKey()) {
      if (refused.has(key.keyVersion)) throw noneLeft();
      try {
        return await signWith(claims, format, key);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        log.log('ALERT', 'signing_key_refused', { key_version: key.keyVersion, error });
        keys.avoid(key.keyVersion);
        refused.add(key.keyVersion);
      }
    }
  };
}

const noneLeft = () =>
  new Fault('signing_unavailable', 'KMS refuses to sign with any version of the key.', { retryAfter: RETRY_AFTER });

const isRefusal = (error: unknown) => error instanceof Error && error.cause instanceof KeyRefusedError;

/** Whose turn a signature takes: that of a seat's tenant and licence. Documents are the vendor's own. */
function ownerOf({ kind, tenant_id, license_id }: LicenseClaims): Owner {
  return kind === 'seat' ? { tenant: String(tenant_id), license: String(license_id) } : { tenant: '', license: '' };
}

/** Notes each signature that KMS has made, and how long that took. */
const logged = (signer: Signer, clock: Clock, log: Logger): Signer => ({
  async sign(keyVersion, digest) {
    const begun = clock.now();
    const signature = await signer.sign(keyVersion, digest);
    log.log('INFO', 'kms_signature', { key_version: keyVersion, took_ms: clock.now() - begun });
    return signature;
  },
});
