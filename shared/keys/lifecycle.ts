import type { KeyVersion } from './key-source.ts';

/** Where a version is in its life: published first, then signing, then published only. */
export type KeyState = 'published' | 'signing' | 'retired' | 'archived';

export interface KeyPeriods {
  /** Seconds a version is published before it signs: longer than every cache between us and a client. */
  readonly publishBeforeSigning: number;
  /** Seconds that a signature's validity may reach ahead: a key that signs now is published at least that long. */
  readonly longestValidity: number;
}

export const DEFAULT_PERIODS: KeyPeriods = {
  publishBeforeSigning: 48 * 3600,
  longestValidity: 400 * 24 * 3600,
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
export function placeVersions(versions: readonly KeyVersion[], now: number, periods: KeyPeriods): PlacedVersion[] {
  const newestFirst = [...versions].sort((a, b) => b.createdAt - a.createdAt || numberOf(b) - numberOf(a));
  const oldEnough = newestFirst.findIndex(({ createdAt }) => createdAt + periods.publishBeforeSigning * 1000 <= now);
  const signing = oldEnough < 0 ? newestFirst.length - 1 : oldEnough;
  return newestFirst.map((version, index) => ({
    ...version,
    state: index < signing ? 'published' : index === signing ? 'signing' : 'retired',
  }));
}

const numberOf = ({ keyVersion }: KeyVersion) => Number(keyVersion.slice(keyVersion.lastIndexOf('.') + 1));
