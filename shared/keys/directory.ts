import { type PublicKey, readPublicKey } from '../crypto/public-key.ts';
import type { SigningKey } from '../crypto/signer.ts';
import type { SignatureAlgorithm } from '../license-format/algorithms.ts';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import { type Archive, EMPTY_ARCHIVE } from './archive.ts';
import type { KeySource } from './key-source.ts';
import { DEFAULT_PERIODS, type KeyPeriods, type PlacedVersion, placeVersions } from './lifecycle.ts';

/** A published version with its public key in every form. */
export interface PublishedKey extends PlacedVersion {
  readonly publicKey: PublicKey;
}

/** The key versions at one moment. */
export interface KeySet {
  /** Newest first. */
  readonly keys: readonly PublishedKey[];
  readonly byVersion: ReadonlyMap<string, PublishedKey>;
  readonly byKid: ReadonlyMap<string, PublishedKey>;
}

export interface KeyDirectory {
  /** The published keys, at most `maxAge` old; older only while KMS fails. */
  current(): Promise<KeySet>;
  /** The same, if they are in memory and need not be read again. */
  fresh(): KeySet | undefined;
  /** The version that signs now. @throws Fault `signing_unavailable` when there is none */
  signingKey(): Promise<SigningKey>;
}

export interface KeyDirectoryOptions {
  readonly source: KeySource;
  /** What is archived and revoked; without it, KMS's list is all there is. */
  readonly archive?: () => Promise<Archive>;
  readonly clock: Clock;
  readonly periods?: KeyPeriods;
  /** Seconds after which the list is read again. KMS allows 600 reads a minute. */
  readonly maxAge: number;
  /** Told when stale keys are served because KMS fails. */
  readonly onStale?: (error: unknown) => void;
}

/** Seconds for which stale keys are served before KMS is asked again, so that its failure costs few callers time. */
const RETRY_AFTER = 10;

/**
 * Keeps the key versions in memory. Nothing runs between requests: the one that finds the list stale reads it again,
 * and all who come meanwhile wait for the same answer. A public key never changes, so each is fetched once.
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
    // KMS takes a while to forget what was disabled, so what is archived or revoked is so although it is listed.
    const gone = new Set([...archived.map(({ keyVersion }) => keyVersion), ...revoked]);
    const enabled = listed.filter(({ keyVersion }) => !gone.has(keyVersion));
    const placed = placeVersions(enabled, readAt, periods);
    const kept = archived.filter(
      ({ keyVersion, publishedUntil }) => !revoked.has(keyVersion) && publishedUntil > readAt,
    );
    const keys = await Promise.all([
      ...placed.map(async (version) => ({ ...version, publicKey: await publicKeyOf(version) })),
      ...kept.map(({ keyVersion, algorithm, createdAt, pem }) => ({
        keyVersion,
        algorithm,
        createdAt,
        state: 'archived' as const,
        publicKey: remember(keyVersion, pem, algorithm),
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

  function remember(keyVersion: string, pem: string, algorithm: SignatureAlgorithm): PublicKey {
    const publicKey = publicKeys.get(keyVersion) ?? readPublicKey(pem, algorithm);
    publicKeys.set(keyVersion, publicKey);
    return publicKey;
  }

  async function publicKeyOf({ keyVersion, algorithm }: PlacedVersion): Promise<PublicKey> {
    return publicKeys.get(keyVersion) ?? remember(keyVersion, await source.readPem(keyVersion), algorithm);
  }

  /** The failure is dealt with once for all who wait, so that it is told once. */
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
          throw new Fault('signing_unavailable', 'The signing keys cannot be read right now.', { cause });
        },
      );
      if (signing === undefined) throw new Fault('signing_unavailable', 'No key version is enabled.');
      const { keyVersion, algorithm, publicKey } = signing;
      const publishedUntil = Math.floor(clock.now() / 1000) + periods.longestValidity;
      return { keyVersion, kid: publicKey.kid, algorithm, publishedUntil };
    },
  };
}
