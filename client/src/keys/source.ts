import type { Fetch } from '../platform/platform.ts';
import type { Storage } from '../storage/storage.ts';
import type { CheckSignature } from './check-signature.ts';
import type { PublicKey } from './public-key.ts';

/** What a licence says of the key it was signed with. */
export type KeyName = { readonly keyVersion: string } | { readonly kid: string };

/** What a source knows under a name: keys, or why there is none. `untrusted_keys`: the key list is not the pinned root's. */
export type FoundKeys = readonly PublicKey[] | 'revoked' | 'untrusted_keys';

/** What the licence says of the keys, before its signature is checked. */
export interface KeyQuery {
  /** The number of the key list that the signer had. A source with an older list fetches first. */
  readonly keysSequence?: number | undefined;
  /** The licence is an answer to a request of this moment, so the network is there to fetch with. */
  readonly fresh?: boolean;
}

/** What a key source works with. `holdSeat` fills in what the program leaves out. */
export interface KeySurroundings {
  /** Of the licence server. */
  readonly url?: string | undefined;
  /** Keeps the keys between runs. Default: memory. */
  readonly storage?: Storage | undefined;
  readonly fetch?: Fetch | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
  /** Milliseconds for one request; default 10,000. */
  readonly timeout?: number | undefined;
  /** The key list could not be fetched although the server answers; the known one serves `until` then (milliseconds since the epoch). */
  readonly onStale?: ((until: number, cause: unknown) => void) | undefined;
  /** Replaces WebCrypto. */
  readonly checkSignature?: CheckSignature | undefined;
}

/** Where public keys come from. */
export interface KeySource {
  /**
   * @returns the keys that may have this name, none when it is unknown
   * @throws KeysUnavailable when nothing is known of any key
   */
  find(name: KeyName, query?: KeyQuery): Promise<FoundKeys>;
  /** The keys of a licence file, which brings its key list along. Absent: as for any other licence. */
  inFile?(document: KeyDocument): KeySource;
  /** The same source with these surroundings, where the program has named none. Absent: it needs none. */
  connect?(surroundings: KeySurroundings): KeySource;
}

/** Root statement and key list as they are served, and as they lie in a licence file. */
export interface KeyDocument {
  readonly root: unknown;
  readonly list: unknown;
}

export class KeysUnavailable extends Error {
  constructor(url: string | undefined, cause?: unknown) {
    const where =
      url === undefined
        ? 'Public keys are not kept here and no server is named'
        : `The public keys at ${url} could not be fetched`;
    super(`${where}: check the URL and the connection, or pin the keys.`, { cause });
    this.name = 'KeysUnavailable';
  }
}

/** A key without a version in its material fits every version: which one it is stands in the signed data. @internal */
export const named = <K extends PublicKey>(keys: readonly K[], name: KeyName): readonly K[] =>
  keys.filter((key) =>
    'kid' in name ? key.kid === name.kid : key.keyVersion === undefined || key.keyVersion === name.keyVersion,
  );

/** Asks one source after the other: pinned keys first, say, and the server for one that is newer than the program. */
export const firstOf = (...sources: readonly KeySource[]): KeySource => ({
  async find(name, query) {
    for (const [index, source] of sources.entries()) {
      const last = index === sources.length - 1;
      const found = await source.find(name, query);
      if (found.length > 0 || last) return found;
    }
    return [];
  },
  inFile: (document) => firstOf(...sources.map((source) => source.inFile?.(document) ?? source)),
  connect: (surroundings) => firstOf(...sources.map((source) => source.connect?.(surroundings) ?? source)),
});
