import type { SignatureAlgorithm } from '../license-format/algorithms.ts';

/** A key version that may sign now. Its name goes into the signed bytes, so it is chosen before them. */
export interface SigningKey {
  /** `{crypto key}.{version}`, opaque to clients. */
  readonly keyVersion: string;
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly algorithm: SignatureAlgorithm;
  /** Seconds since the epoch until which the public key is certain to be published. */
  readonly publishedUntil: number;
}

/** Signs with a private key that is somewhere else. */
export interface Signer {
  /**
   * @param keyVersion of a key whose algorithm hashes with SHA-256
   * @param digest SHA-256 of the signed bytes, 32 bytes
   * @returns the signature
   * @throws Fault `signing_unavailable` when no intact signature could be had
   */
  sign(keyVersion: string, digest: Uint8Array): Promise<Uint8Array>;
}
