/** Where a version is in its life: published first, then signing, then published only, at last without a key in KMS. */
export type KeyState = 'published' | 'signing' | 'retired' | 'archived';

/** All in seconds. */
export interface KeyPeriods {
  /** How long a version is published before it signs: longer than every cache between us and a client. */
  readonly publishBeforeSigning: number;
  /** The age of the newest version at which the next one is made. */
  readonly rotateAfter: number;
  /** How long after its retirement a version is disabled in KMS. */
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
