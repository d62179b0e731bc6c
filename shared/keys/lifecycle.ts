import type { KeyVersion } from './key-source.ts';

/** Where a version is in its life: published first, then signing, then published only. */
export type KeyState = 'published' | 'signing' | 'retired' | 'archived';

/** All in seconds. */
export interface KeyPeriods {
  /** How long a version is published before it signs: longer than every cache between us and a client. */
  readonly publishBeforeSigning: number;
  /** The age of the newest version at which the next one is made. */
  readonly rotateAfter: number;
  /** How long after its retirement a version is disabled in KMS and its public key archived. */
  readonly archiveAfter: number;
  /** How far a signature's validity may reach ahead; an archived key stays published that long. */
  readonly longestValidity: number;
}

const DAY = 24 * 3600;

export const DEFAULT_PERIODS: KeyPeriods = {
  publishBeforeSigning: 2 * DAY,
  rotateAfter: 30 * DAY,
  archiveAfter: 30 * DAY,
  longestValidity: 400 * DAY,
};

export interface PlacedVersion extends KeyVersion {
  readonly state: KeyState;
}

/**
 * Derives each enabled version's state from its age alone, so that every instance comes to the same answer: the
 * newest that has been published long enough signs; older ones are retired, younger ones wait. When none is old
 * enough, as in the first days, the oldest signs.
 * @param now milliseconds since the epoch
 * @returns newest first
 */
export function placeVersions(
  versions: readonly KeyVersion[],
  now: number,
  periods: Pick<KeyPeriods, 'publishBeforeSigning'>,
): PlacedVersion[] {
  const newestFirst = [...versions].sort((a, b) => b.createdAt - a.createdAt || numberOf(b) - numberOf(a));
  const oldEnough = newestFirst.findIndex((version) => signsFrom(version, periods) <= now);
  const signing = oldEnough < 0 ? newestFirst.length - 1 : oldEnough;
  return newestFirst.map((version, index) => ({
    ...version,
    state: index < signing ? 'published' : index === signing ? 'signing' : 'retired',
  }));
}

/**
 * The retired versions that have been retired long enough. A version retires when its successor begins to sign.
 * @param newestFirst as `placeVersions` answers
 */
export function dueForArchive(
  newestFirst: readonly PlacedVersion[],
  now: number,
  periods: KeyPeriods,
): PlacedVersion[] {
  return newestFirst.filter((version, index) => {
    const successor = newestFirst[index - 1];
    if (version.state !== 'retired' || successor === undefined) return false;
    return signsFrom(successor, periods) + periods.archiveAfter * 1000 <= now;
  });
}

const signsFrom = ({ createdAt }: KeyVersion, { publishBeforeSigning }: Pick<KeyPeriods, 'publishBeforeSigning'>) =>
  createdAt + publishBeforeSigning * 1000;

const numberOf = ({ keyVersion }: KeyVersion) => Number(keyVersion.slice(keyVersion.lastIndexOf('.') + 1));
