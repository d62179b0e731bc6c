import type { SignatureAlgorithm } from '../license-format/algorithms.ts';

/** The key version that signs now. It is chosen before signing, since the signed bytes contain its name. */
export interface SigningKey {
  /** `{crypto key}.{version}`, opaque to clients. */
  readonly keyVersion: string;
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly algorithm: SignatureAlgorithm;
  /** Seconds since the epoch until which the public key is guaranteed to be published. */
  readonly publishedUntil: number;
  /** The number of the key list that says so. */
  readonly keysSequence: number;
}

/** KMS will not sign with this version, however often it is asked: it is disabled or gone. Another version may sign. */
export class KeyRefusedError extends Error {
  readonly keyVersion: string;

  constructor(keyVersion: string, cause: unknown) {
    super(`${keyVersion} may not sign`, { cause });
    this.name = 'KeyRefusedError';
    this.keyVersion = keyVersion;
  }
}

/** Signs with a private key that Cloud KMS holds. */
export interface Signer {
  /**
   * @param keyVersion of a key whose algorithm hashes with SHA-256
   * @param digest SHA-256 of the signed bytes, 32 bytes
   * @returns the signature
   * @throws Fault `signing_unavailable` when there was no undamaged response; its cause is a KeyRefusedError when this
   *   version will not sign again
   */
  sign(keyVersion: string, digest: Uint8Array): Promise<Uint8Array>;
}
