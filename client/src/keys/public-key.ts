import type { SignatureAlgorithm } from '../../../shared/license-format/algorithms.ts';

/** A public key as it is used: a JWK's two numbers and the names by which licences refer to it. */
export interface PublicKey {
  readonly algorithm: SignatureAlgorithm;
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  /** Absent where the material has no such name (a JWKS): then it is tried for every version. */
  readonly keyVersion?: string;
  /** base64url, as in RFC 7518, section 6.3.1. */
  readonly n: string;
  readonly e: string;
  /** Milliseconds since the epoch from which, but for the tolerance of clocks, the source vouches for the key. */
  readonly trustedFrom?: number;
  /** Milliseconds since the epoch until which the source vouches for the key. Absent: as long as the program is used. */
  readonly trustedUntil?: number;
  /** The signed list that names the key. */
  readonly list?: KeyListName;
}

/** Which key list it is, and until when it is good, in milliseconds since the epoch. */
export interface KeyListName {
  readonly sequence: number;
  readonly expiresAt: number;
}
