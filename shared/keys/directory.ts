import { type PublicKey, readPublicKey } from '../crypto/public-key.ts';
import type { SigningKey } from '../crypto/signer.ts';
import type { SignatureAlgorithm } from '../license-format/algorithms.ts';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import { type Archive, EMPTY_ARCHIVE } from './archive.ts';
import type { KeySource } from './key-source.ts';
import { DEFAULT_PERIODS, deriveStates, type KeyPeriods, type VersionWithState } from './lifecycle.ts';

/** A published key version with its public key in every form. */
export interface PublishedKey extends VersionWithState {
  readonly publicKey: PublicKey;
}

/** A snapshot of the key versions. */
export interface KeySet {
  /** Newest first. */
  readonly keys: readonly PublishedKey[];
  readonly byVersion: ReadonlyMap<string, PublishedKey>;
  readonly byKid: ReadonlyMap<string, PublishedKey>;
}

export interface KeyDirectory {
  /** The published keys; at most `maxAge` old, or older while KMS fails. */
  current(): Promise<KeySet>;
  /** The keys in memory, when they are not stale; undefined otherwise. */
  fresh(): KeySet | undefined;
  /** The version that signs now. @throws Fault `signing_unavailable` when there is none */
  signingKey(): Promise<SigningKey>;
}

export interface KeyDirectoryOptions {
  readonly source: KeySource;
  /** Reads the archived and revoked keys. Default: none. */
  readonly archive?: () => Promise<Archive>;
  readonly clock: Clock;
  readonly periods?: KeyPeriods;
  /** Seconds after which the list is read again. KMS allows 600 reads a minute. */
  readonly maxAge: number;
  /** Called when stale keys are served because KMS fails. */
  readonly onStale?: (error: unknown) => void;
}

/** Seconds for which stale keys are served before KMS is asked again, so that few requests wait for a failing KMS. */
const RETRY_AFTER = 10;

/**
 * Caches the key versions in memory. Nothing runs between requests: the request that finds the list stale reads it again,
 * and concurrent requests share that read. A public key never changes, so each is fetched once.
 */
export function createKeyDirectory(options: KeyDirectoryOptions): KeyDirectory {
  const { source, clock, maxAge, periods = DEFAULT_PERIODS } = options;
  const publicKeys = new Map<string, PublicKey>();
  let known: { readonly set: KeySet; readonly readAt: number } | undefined;
  let reading: Promise<KeySet> | undefined;

  async function read(): Promise<KeySet> {
    const readAt = clock.now();
    const [listed, { archived, revoked }] = await Promise.all([
      source.listVersions(),
      options.archive?.() ?? EMPTY_ARCHIVE,
    ]);
    // KMS lists a disabled version for a while, so archived and revoked versions are removed from its list.
    const excluded = new Set([...archived.map(({ keyVersion }) => keyVersion), ...revoked]);
    const enabled = listed.filter(({ keyVersion }) => !excluded.has(keyVersion));
    const versions = deriveStates(enabled, readAt, periods);
    const kept = archived.filter(
      ({ keyVersion, publishedUntil }) => !revoked.has(keyVersion) && publishedUntil > readAt,
    );
    const keys = await Promise.all([
      ...versions.map(async (version) => ({ ...version, publicKey: await publicKeyOf(version) })),
      ...kept.map(({ keyVersion, algorithm, createdAt, pem }) => ({
        keyVersion,
        algorithm,
        createdAt,
        state: 'archived' as const,
        publicKey: cachePublicKey(keyVersion, pem, algorithm),
      })),
    ]);
    const set = {
      keys,
      byVersion: new Map(keys.map((key) => [key.keyVersion, key])),
      byKid: new Map(keys.map((key) => [key.publicKey.kid, key])),
    };
    known = { set, readAt };
    return set;
  }

  function cachePublicKey(keyVersion: string, pem: string, algorithm: SignatureAlgorithm): PublicKey {
    const publicKey = publicKeys.get(keyVersion) ?? readPublicKey(pem, algorithm);
    publicKeys.set(keyVersion, publicKey);
    return publicKey;
  }

  async function publicKeyOf({ keyVersion, algorithm }: VersionWithState): Promise<PublicKey> {
    return publicKeys.get(keyVersion) ?? cachePublicKey(keyVersion, await source.readPem(keyVersion), algorithm);
  }

  /** Handles a failure once for all waiting requests, so that it is reported once. */
  async function readOrKeep(): Promise<KeySet> {
    try {
      return await read();
    } catch (error) {
      if (known === undefined) throw error;
      options.onStale?.(error);
      known = { ...known, readAt: clock.now() - (maxAge - RETRY_AFTER) * 1000 };
      return known.set;
    }
  }

  const fresh = () => (known !== undefined && clock.now() < known.readAt + maxAge * 1000 ? known.set : undefined);

  async function current(): Promise<KeySet> {
    const held = fresh();
    if (held !== undefined) return held;
    reading ??= readOrKeep().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  return {
    current,
    fresh,
    async signingKey() {
      const signing = await current().then(
        ({ keys }) => keys.find(({ state }) => state === 'signing'),
        (cause) => {
          throw new Fault('signing_unavailable', 'The list of signing keys cannot be read right now.', { cause });
        },
      );
      if (signing === undefined) throw new Fault('signing_unavailable', 'No key version is enabled.');
      const { keyVersion, algorithm, publicKey } = signing;
      const publishedUntil = Math.floor(clock.now() / 1000) + periods.longestValidity;
      return { keyVersion, kid: publicKey.kid, algorithm, publishedUntil };
    },
  };
}
