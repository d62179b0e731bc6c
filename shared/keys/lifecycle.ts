import type { KeyVersion } from './key-source.ts';

/** The states of a version in order. `retired` and `archived` versions no longer sign and are still published. */
export type KeyState = 'published' | 'signing' | 'retired' | 'archived';

/** The periods of the key lifecycle, in seconds. */
export interface KeyPeriods {
  /** Time between publication and first signature: longer than the lifetimes of all caches up to the client. */
  readonly publishBeforeSigning: number;
  /** Age of the newest version at which the next one is created. */
  readonly rotateAfter: number;
  /** Time between retirement and archiving, which disables the version in KMS and stores its public key. */
  readonly archiveAfter: number;
  /** Longest validity of a signature; an archived key stays published for as long. */
  readonly longestValidity: number;
}

const DAY = 24 * 3600;

export const DEFAULT_PERIODS: KeyPeriods = {
  publishBeforeSigning: 2 * DAY,
  rotateAfter: 30 * DAY,
  archiveAfter: 30 * DAY,
  longestValidity: 400 * DAY,
};

export interface VersionWithState extends KeyVersion {
  readonly state: KeyState;
}

/**
 * Derives each enabled version's state from its age alone, so that all instances agree. The newest version that has been
 * published for `publishBeforeSigning` signs; older versions are retired, and younger ones are only published. When no
 * version is old enough, as in the first days, the oldest signs.
 * @param now milliseconds since the epoch
 * @returns newest first
 */
export function deriveStates(
  versions: readonly KeyVersion[],
  now: number,
  periods: Pick<KeyPeriods, 'publishBeforeSigning'>,
): VersionWithState[] {
  const newestFirst = [...versions].sort((a, b) => b.createdAt - a.createdAt || numberOf(b) - numberOf(a));
  const oldEnough = newestFirst.findIndex((version) => signsFrom(version, periods) <= now);
  const signing = oldEnough < 0 ? newestFirst.length - 1 : oldEnough;
  return newestFirst.map((version, index) => ({
    ...version,
    state: index < signing ? 'published' : index === signing ? 'signing' : 'retired',
  }));
}

/**
 * The versions that have been retired for `archiveAfter`. A version retires when its successor starts to sign.
 * @param newestFirst the result of `deriveStates`
 */
export function dueForArchive(
  newestFirst: readonly VersionWithState[],
  now: number,
  periods: KeyPeriods,
): VersionWithState[] {
  return newestFirst.filter((version, index) => {
    const successor = newestFirst[index - 1];
    if (version.state !== 'retired' || successor === undefined) return false;
    return signsFrom(successor, periods) + periods.archiveAfter * 1000 <= now;
  });
}

const signsFrom = ({ createdAt }: KeyVersion, { publishBeforeSigning }: Pick<KeyPeriods, 'publishBeforeSigning'>) =>
  createdAt + publishBeforeSigning * 1000;

const numberOf = ({ keyVersion }: KeyVersion) => Number(keyVersion.slice(keyVersion.lastIndexOf('.') + 1));
