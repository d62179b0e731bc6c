import type { SignatureAlgorithm } from '../license-format/algorithms.ts';

/** An enabled version of a signing key, as KMS lists it. Times are milliseconds since the epoch. */
export interface KeyVersion {
  /** `{crypto key}.{version}`, opaque to clients. */
  readonly keyVersion: string;
  readonly algorithm: SignatureAlgorithm;
  readonly createdAt: number;
}

/** Where versions and their public keys come from. */
export interface KeySource {
  /** All versions that KMS has enabled, in no particular order. */
  listVersions(): Promise<readonly KeyVersion[]>;
  /** SPKI PEM. @throws Fault `dependency_unavailable` when no intact key could be had */
  readPem(keyVersion: string): Promise<string>;
}

/** Makes and ends key versions. Whoever signs has no such right. */
export interface KeyAdministrator {
  /** @returns the new version, which is published as soon as it is enabled */
  createVersion(): Promise<string>;
  /** A version that is disabled already is no error. */
  disableVersion(keyVersion: string): Promise<void>;
}
