import type { Signer } from '../crypto/signer.ts';
import { readArchive } from '../keys/archive.ts';
import { createKeyDirectory, type KeyDirectory } from '../keys/directory.ts';
import type { KeyPeriods } from '../keys/lifecycle.ts';
import type { Clock } from '../model/clock.ts';
import { KEY_LIST_MAX_AGE } from '../model/config.ts';
import type { Logger } from '../model/logger.ts';
import type { DocumentReader } from '../store/store.ts';
import { createKmsClient, createKmsKeySource, createKmsSigner } from './kms.ts';

export interface SigningKeysOptions {
  /** Resource name of the crypto key. */
  readonly cryptoKey: string;
  /** host:port of a plaintext stand-in; undefined for the service. */
  readonly endpoint: string | undefined;
  readonly periods: KeyPeriods;
  /** Holds the archived and revoked keys. */
  readonly store: Pick<DocumentReader, 'query'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Opens a signing key in Cloud KMS: the directory of its versions, and the signer. */
export function openSigningKeys(options: SigningKeysOptions): {
  readonly keys: KeyDirectory;
  readonly signer: Signer;
  readonly close: () => Promise<void>;
} {
  const { cryptoKey, endpoint, periods, store, clock, log } = options;
  const kms = createKmsClient(endpoint);
  const keys = createKeyDirectory({
    source: createKmsKeySource(kms, cryptoKey),
    archive: () => readArchive(store),
    clock,
    periods,
    maxAge: KEY_LIST_MAX_AGE,
    onStale: (error) => log.log('ERROR', 'stale_keys', { error }),
  });
  return { keys, signer: createKmsSigner(kms, cryptoKey), close: () => kms.close() };
}
