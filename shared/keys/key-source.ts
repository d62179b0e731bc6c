import type { SignatureAlgorithm } from '../license-format/algorithms.ts';

/** An enabled version of a signing key in KMS. Times are milliseconds since the epoch. */
export interface KeyVersion {
  /** `{crypto key}.{version}`, opaque to clients. */
  readonly keyVersion: string;
  readonly algorithm: SignatureAlgorithm;
  readonly createdAt: number;
}

/** Reads key versions and their public keys. */
export interface KeySource {
  /** All enabled versions, in no particular order. */
  listVersions(): Promise<readonly KeyVersion[]>;
  /** SPKI PEM. @throws Fault `dependency_unavailable` when there was no undamaged response */
  readPem(keyVersion: string): Promise<string>;
}

/** Creates and disables key versions. Accounts that sign do not have this right. */
export interface KeyAdministrator {
  /** @returns the new version, which is published as soon as it is enabled */
  createVersion(): Promise<string>;
  /** Disabling a disabled version is not an error. */
  disableVersion(keyVersion: string): Promise<void>;
}
