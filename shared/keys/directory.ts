import { type PublicKey, readPublicKey } from '../crypto/public-key.ts';
import type { SigningKey } from '../crypto/signer.ts';
import type { SignatureAlgorithm } from '../license-format/algorithms.ts';
import { parseTime } from '../license-format/time.ts';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import type { KeyPeriods, KeyState } from './lifecycle.ts';
import { deriveStates } from './list-rules.ts';
import { readListedKeys, readSignedKeyList, requireNewer, type SignedKeyList } from './statements.ts';

/** A listed version with its public key in every form. Times are milliseconds since the epoch. */
export interface PublishedKey {
  /** `{crypto key}.{version}`, opaque to clients. */
  readonly keyVersion: string;
  readonly algorithm: SignatureAlgorithm;
  readonly createdAt: number;
  readonly state: KeyState;
  readonly publicKey: PublicKey;
}

/** The keys at one moment. */
export interface KeySet {
  /** Newest first; revoked ones are not among them. */
  readonly keys: readonly PublishedKey[];
  readonly byVersion: ReadonlyMap<string, PublishedKey>;
  readonly byKid: ReadonlyMap<string, PublishedKey>;
  /** Versions and thumbprints of revoked keys. */
  readonly revoked: ReadonlySet<string>;
  readonly document: SignedKeyList;
  readonly sequence: number;
}

export interface KeyDirectory {
  /**
   * The keys of the newest authentic list, read at most `maxAge` ago; older only while it cannot be read.
   * @throws Fault `dependency_unavailable` while there has been no list at all
   */
  current(): Promise<KeySet>;
  /** The same, if they are in memory and need not be read again. */
  fresh(): KeySet | undefined;
  /**
   * The version that signs now. While all are avoided it is the one that would sign without that: KMS may have changed its
   * mind, and a minute without any signature is worse than a call in vain.
   * @throws Fault `signing_unavailable` when there is none
   */
  signingKey(): Promise<SigningKey>;
  /** KMS refused to sign with this version: for a minute the next best one signs. */
  avoid(keyVersion: string): void;
}

export type KeyListAlert =
  | { readonly kind: 'stale_keys'; readonly error: unknown }
  | { readonly kind: 'key_list_two_runs_missed' | 'key_list_five_runs_missed'; readonly issued_at: string }
  | { readonly kind: 'key_list_expired'; readonly expires_at: string }
  | { readonly kind: 'directory_key_ended'; readonly valid_until: string }
  | { readonly kind: 'key_list_unreadable_entries'; readonly count: number };

export interface KeyDirectoryOptions {
  /** Reads root statement and list as they are stored, `{root, list}`. */
  readonly read: () => Promise<unknown>;
  /** The roots' public keys, newest first. */
  readonly roots: readonly PublicKey[];
  readonly clock: Clock;
  readonly periods: KeyPeriods;
  /** Seconds after which the list is read again. */
  readonly maxAge: number;
  /** Told of what an operator should know; keys are served all the same. */
  readonly onAlert?: (alert: KeyListAlert) => void;
}

/** Hours. The list is signed each day; an hour more is no missed run. */
const MISSED = { two: 2 * 24 + 1, five: 5 * 24 + 1 };
/** Seconds for which stale keys are served before the list is asked for again, so that a failure costs few callers time. */
const RETRY_AFTER = 10;
/** Milliseconds for which a version that KMS refused is not tried again. */
const AVOIDED_FOR = 60_000;

/**
 * Keeps the newest authentic key list in memory. Nothing runs between requests: the one that finds the list stale
 * reads it again, and all who come meanwhile wait for the same answer. A list that is older than the one that is known is
 * refused: somebody has put it back.
 */
export function createKeyDirectory(options: KeyDirectoryOptions): KeyDirectory {
  const { roots, clock, maxAge, periods, onAlert = () => undefined } = options;
  const publicKeys = new Map<string, PublicKey>();
  const avoided = new Map<string, number>();
  let known: { readonly set: KeySet; readonly readAt: number } | undefined;
  let reading: Promise<KeySet> | undefined;

  async function read(): Promise<KeySet> {
    const readAt = clock.now();
    const document = readSignedKeyList(await options.read(), roots);
    const { root, list } = document;
    if (known !== undefined) requireNewer(document, known.set.document);
    const missed = missedRuns(list.issued_at, readAt);
    if (missed !== undefined) onAlert({ kind: missed, issued_at: list.issued_at });
    if (isPast(list.expires_at, readAt)) onAlert({ kind: 'key_list_expired', expires_at: list.expires_at });
    if (isPast(root.valid_until, readAt)) onAlert({ kind: 'directory_key_ended', valid_until: root.valid_until });
    const set = toKeySet(document, readAt);
    known = { set, readAt };
    return set;
  }

  function toKeySet(document: SignedKeyList, now: number): KeySet {
    const { keys: listed, unreadable } = readListedKeys(document.list);
    const names = new Set(document.list.revoked.flatMap(({ key_version, kid }) => [key_version, kid ?? key_version]));
    // A key is revoked under each of its two names when it is under one.
    const revokedKeys = listed.filter(({ key_version, kid }) => names.has(key_version) || names.has(kid));
    const revoked = new Set([...names, ...revokedKeys.flatMap(({ key_version, kid }) => [key_version, kid])]);
    const derived = deriveStates(listed, revoked, now, periods.archiveAfter);
    const keys = derived.flatMap(({ key, state }): PublishedKey[] => {
      const publicKey = parse(key.pem, key.algorithm);
      if (publicKey === undefined || publicKey.kid !== key.kid) return [];
      const createdAt = parseTime(key.created_at) ?? 0;
      return [{ keyVersion: key.key_version, algorithm: key.algorithm, createdAt, state, publicKey }];
    });
    const count = unreadable + derived.length - keys.length;
    if (count > 0) onAlert({ kind: 'key_list_unreadable_entries', count });
    return {
      keys,
      byVersion: new Map(keys.map((key) => [key.keyVersion, key])),
      byKid: new Map(keys.map((key) => [key.publicKey.kid, key])),
      revoked,
      document,
      sequence: document.list.sequence,
    };
  }

  /** A public key never changes, so each text is parsed once; undefined for what is no key of its algorithm. */
  function parse(pem: string, algorithm: SignatureAlgorithm): PublicKey | undefined {
    const name = `${algorithm} ${pem}`;
    try {
      const publicKey = publicKeys.get(name) ?? readPublicKey(pem, algorithm);
      publicKeys.set(name, publicKey);
      return publicKey;
    } catch {
      return undefined;
    }
  }

  /** The failure is handled once for all who wait, so that it is reported once. */
  async function readOrKeep(): Promise<KeySet> {
    try {
      return await read();
    } catch (error) {
      onAlert({ kind: 'stale_keys', error });
      if (known === undefined) {
        throw new Fault('dependency_unavailable', 'The key list cannot be read right now.', {
          cause: error,
          retryAfter: RETRY_AFTER,
        });
      }
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

  const isAvoided = ({ keyVersion }: PublishedKey) => (avoided.get(keyVersion) ?? 0) > clock.now();

  return {
    current,
    fresh,
    avoid: (keyVersion) => void avoided.set(keyVersion, clock.now() + AVOIDED_FOR),
    async signingKey() {
      const set = await current().catch((cause) => {
        throw new Fault('signing_unavailable', 'The signing keys cannot be read right now.', {
          cause,
          retryAfter: RETRY_AFTER,
        });
      });
      const candidates = inOrderOfSigning(set.keys);
      const key = candidates.find((candidate) => !isAvoided(candidate)) ?? candidates[0];
      if (key === undefined)
        throw new Fault('signing_unavailable', 'There is no key to sign with.', { retryAfter: 60 });
      const publishedUntil = Math.floor(clock.now() / 1000) + periods.longestValidity;
      const { keyVersion, algorithm, publicKey } = key;
      return { keyVersion, kid: publicKey.kid, algorithm, publishedUntil, keysSequence: set.sequence };
    },
  };
}

/** The signing version, then the newest retired ones, then the oldest published ones. Archived ones have no key in KMS. */
function inOrderOfSigning(newestFirst: readonly PublishedKey[]): readonly PublishedKey[] {
  const of = (wanted: KeyState) => newestFirst.filter(({ state }) => state === wanted);
  return [...of('signing'), ...of('retired'), ...of('published').toReversed()];
}

const isPast = (text: string, now: number) => (parseTime(text) ?? 0) <= now;

/** What to tell of a list that is this old; undefined when it is fresh. */
function missedRuns(issuedAt: string, now: number) {
  const hours = (now - (parseTime(issuedAt) ?? now)) / 3_600_000;
  if (hours > MISSED.five) return 'key_list_five_runs_missed';
  return hours > MISSED.two ? 'key_list_two_runs_missed' : undefined;
}
