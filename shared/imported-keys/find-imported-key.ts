import { LRUCache } from 'lru-cache';
import { type RateLimitStatus, rateLimited } from '../limits/rate-limit-status.ts';
import type { Clock } from '../model/clock.ts';
import { paths } from '../seats/paths.ts';
import type { DocumentReader } from '../store/store.ts';

/**
 * @param isOurs the text reads as one of our own keys, too: then to find nothing is no wrong key
 * @returns the licence that a key of an older system opens, by the key's hash; undefined for an unknown one
 */
export type FindImportedKey = (hash: string, isOurs: boolean) => Promise<string | undefined>;

export interface FindImportedKeyOptions {
  readonly store: Pick<DocumentReader, 'get'>;
  readonly clock: Clock;
  /** Counts a wrong key for the whole deployment. Absent where callers are trusted. */
  readonly countMiss?: () => Promise<RateLimitStatus>;
}

/** Milliseconds for which an instance remembers which licence a key opens, and which keys open none. */
const KNOWN = 60_000;
const UNKNOWN = 10_000;
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly licenseId: string | undefined;
  readonly readAt: number;
}

/**
 * Unlike our own keys, one of an older system does not name its licence, so a guess tries all of them at once. Wrong keys
 * are counted for the whole deployment: beyond the limit only keys are read that this instance has seen good.
 * @throws Fault `rate_limited`, from the returned function
 */
export function createFindImportedKey({ store, clock, countMiss }: FindImportedKeyOptions): FindImportedKey {
  const entries = new LRUCache<string, Entry>({ max: MAX_ENTRIES });
  let spent: { readonly status: RateLimitStatus; readonly until: number } | undefined;

  const isFresh = ({ licenseId, readAt }: Entry): boolean =>
    clock.now() < readAt + (licenseId === undefined ? UNKNOWN : KNOWN);

  async function miss(): Promise<void> {
    const status = await countMiss?.();
    if (status?.allowed === false) spent = { status, until: clock.now() + status.reset * 1000 };
  }

  return async (hash, isOurs) => {
    const entry = entries.get(hash);
    if (entry !== undefined && isFresh(entry)) return entry.licenseId;
    if (!isOurs && spent !== undefined && clock.now() < spent.until) {
      if (entry?.licenseId !== undefined) return entry.licenseId;
      throw rateLimited({ ...spent.status, reset: Math.ceil((spent.until - clock.now()) / 1000) });
    }
    const [document] = await store.get([paths.importedKey(hash)]);
    const licenseId = document && String(document.fields['license_id']);
    entries.set(hash, { licenseId, readAt: clock.now() });
    if (licenseId === undefined && !isOurs) await miss();
    return licenseId;
  };
}
