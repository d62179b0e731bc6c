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
}

/** What a licence says of the key it was signed with. */
export type KeyName = { readonly keyVersion: string } | { readonly kid: string };

/** Where public keys come from. */
export interface KeySource {
  /**
   * @returns the keys that may have this name, none when it is unknown
   * @throws KeysUnavailable when nothing is known of any key
   */
  find(name: KeyName): Promise<readonly PublicKey[]>;
}

export class KeysUnavailable extends Error {
  constructor(url: string, cause: unknown) {
    super(`The public keys at ${url} could not be fetched: check the URL and the connection, or pin the keys.`, {
      cause,
    });
    this.name = 'KeysUnavailable';
  }
}

/** A key without a version in its material fits every version: which one it is stands in the signed data. */
export const named = (keys: readonly PublicKey[], name: KeyName): readonly PublicKey[] =>
  keys.filter((key) =>
    'kid' in name ? key.kid === name.kid : key.keyVersion === undefined || key.keyVersion === name.keyVersion,
  );

/** Asks one source after the other: pinned keys first, say, and the server for one that is newer than the program. */
export const firstOf = (...sources: readonly KeySource[]): KeySource => ({
  async find(name) {
    for (const [index, source] of sources.entries()) {
      const last = index === sources.length - 1;
      const found = await source.find(name);
      if (found.length > 0 || last) return found;
    }
    return [];
  },
});
