import { formatTime, parseTime } from '../license-format/time.ts';
import type { KeyVersion } from './key-source.ts';
import type { KeyPeriods, KeyState } from './lifecycle.ts';
import type { KeyListClaims, ListedKey } from './statements.ts';

/** What a key list is made of. Times are milliseconds since the epoch. */
interface ListInput {
  /** The list before; undefined for the first. */
  readonly previous: Pick<KeyListClaims, 'sequence' | 'keys' | 'revoked'> | undefined;
  /** Versions that KMS has enabled, with their public keys. */
  readonly enabled: readonly (KeyVersion & { readonly pem: string; readonly kid: string })[];
  /** Versions that were reported compromised. */
  readonly revoked: readonly { readonly keyVersion: string; readonly at: number }[];
  readonly now: number;
  readonly periods: KeyPeriods;
  /** Seconds for which a list is good. */
  readonly goodFor: number;
}

type Timed = Pick<ListedKey, 'key_version' | 'signs_from' | 'created_at'>;

const at = (text: string) => parseTime(text) ?? Number.NaN;

/** Newest first: by the moment from which they sign, then by age, then by number. */
function newestFirst<K extends Timed>(keys: readonly K[]): K[] {
  const number = ({ key_version }: K) => Number(key_version.slice(key_version.lastIndexOf('.') + 1));
  return keys.toSorted(
    (a, b) => at(b.signs_from) - at(a.signs_from) || at(b.created_at) - at(a.created_at) || number(b) - number(a),
  );
}

interface DerivedKey<K> {
  readonly key: K;
  readonly state: KeyState;
  /** When its successor begins to sign; undefined while it has none that does. */
  readonly retiredAt: number | undefined;
}

/**
 * The state of each key that is not revoked, from `signs_from`, the time and the revocations alone, so that everybody
 * who has the list comes to the same answer: the newest that may sign signs; when none may yet, the one that may first.
 * @returns newest first
 */
export function deriveStates<K extends Timed>(
  keys: readonly K[],
  revoked: ReadonlySet<string>,
  now: number,
  archiveAfter: number,
): DerivedKey<K>[] {
  const usable = newestFirst(keys.filter(({ key_version }) => !revoked.has(key_version)));
  const first = usable.findIndex(({ signs_from }) => at(signs_from) <= now);
  const signing = first < 0 ? usable.length - 1 : first;
  return usable.map((key, index) => {
    const successor = usable[index - 1];
    const retiredAt = index > signing && successor !== undefined ? at(successor.signs_from) : undefined;
    const isArchived = retiredAt !== undefined && retiredAt + archiveAfter * 1000 <= now;
    const state = index < signing ? 'published' : index === signing ? 'signing' : isArchived ? 'archived' : 'retired';
    return { key, state, retiredAt };
  });
}

/**
 * The next list. A version that is listed for the first time signs once it has been listed for as long as caches may
 * hide it, or at once when there is none else; what was said before about a key stays said. An archived key is listed
 * until nothing that it signed can still be valid.
 */
export function nextList({ previous, enabled, revoked, now, periods, goodFor }: ListInput): KeyListClaims {
  const known = new Map((previous?.keys ?? []).map((key) => [key.key_version, key]));
  const revocations = new Map((previous?.revoked ?? []).map((one) => [one.key_version, one]));
  for (const { keyVersion, at: when } of revoked) {
    if (revocations.has(keyVersion)) continue;
    const kid = known.get(keyVersion)?.kid ?? enabled.find((version) => version.keyVersion === keyVersion)?.kid;
    revocations.set(keyVersion, {
      key_version: keyVersion,
      ...(kid === undefined ? {} : { kid }),
      at: formatTime(when),
    });
  }
  const gone = new Set(revocations.keys());
  const usable = [...known.keys()].filter((version) => !gone.has(version)).length > 0;
  const wait = usable ? periods.publishBeforeSigning * 1000 : 0;
  const fresh = enabled
    .filter(({ keyVersion }) => !known.has(keyVersion) && !gone.has(keyVersion))
    .map(
      (version): Omit<ListedKey, 'state'> => ({
        key_version: version.keyVersion,
        kid: version.kid,
        algorithm: version.algorithm,
        created_at: formatTime(version.createdAt),
        signs_from: formatTime(now + wait),
        pem: version.pem,
      }),
    );
  const states = deriveStates([...known.values(), ...fresh], gone, now, periods.archiveAfter);
  const listedFor = (periods.archiveAfter + periods.longestValidity) * 1000;
  const keys = states
    .filter(({ retiredAt }) => retiredAt === undefined || now < retiredAt + listedFor)
    .map(({ key, state }): ListedKey => ({ ...key, state }));
  return {
    kind: 'keys',
    // Seconds of the clock, so that a list made after a restore of an older database is newer than all before.
    sequence: Math.max((previous?.sequence ?? 0) + 1, Math.floor(now / 1000)),
    issued_at: formatTime(now),
    expires_at: formatTime(now + goodFor * 1000),
    keys,
    revoked: [...revocations.values()],
  };
}

type KeysOf = Pick<KeyListClaims, 'keys' | 'revoked'>;

/** Whether two lists say the same of keys; their numbers and times do not count. */
export function saysTheSame(a: KeysOf, b: KeysOf): boolean {
  const said = ({ keys, revoked }: KeysOf) =>
    JSON.stringify([keys.map((key) => [key.key_version, key.signs_from, key.state]), revoked]);
  return said(a) === said(b);
}
