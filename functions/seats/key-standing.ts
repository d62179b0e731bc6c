import { LRUCache } from 'lru-cache';
import type { Clock } from '#shared/model/clock.ts';
import { type KeyRecord, keyWorks } from '#shared/model/key-record.ts';
import type { License } from '#shared/model/license.ts';
import type { AcquireRequest } from './acquire-request.ts';

/** What a licence and its keys looked like when they were last read. */
export interface ReadKeys {
  readonly license: License | undefined;
  /** By hash; keys that the licence does not have are missing. */
  readonly keys: ReadonlyMap<string, KeyRecord>;
}

type KeyOf = Pick<AcquireRequest, 'key' | 'keyHash'>;

/**
 * What this instance has seen of licence keys. It decides who waits for whom, and what needs not be read again; whether
 * a key may use its licence is always read from the store.
 */
export interface KeyStanding {
  /**
   * `good`: the key worked when it was last read here. `bad`: it did not exist, or had ended; neither ever changes, since
   * keys are drawn at random.
   */
  of(request: KeyOf): 'good' | 'bad' | 'unknown';
  learn(request: KeyOf, read: ReadKeys): void;
}

/** About 250 bytes each: two ids and what an entry costs. As a size: `max` would reserve the memory at once. */
const MAX_GOOD = 20_000;
const MAX_BAD = 40_000;
/** A cache that counts its entries by their sizes reserves no memory for as many as it may have. */
const ONE = { size: 1 };
/** Milliseconds. A key that an older system gave out may be tried before it is imported. */
const BAD_FOR = 60_000;

export function createKeyStanding(clock: Clock): KeyStanding {
  const good = new LRUCache<string, true>({ maxSize: MAX_GOOD });
  /** Until when. */
  const bad = new LRUCache<string, number>({ maxSize: MAX_BAD });
  return {
    of(request) {
      const name = nameOf(request);
      if (good.has(name)) return 'good';
      return clock.now() < (bad.get(name) ?? 0) ? 'bad' : 'unknown';
    },
    learn(request, { license, keys }) {
      const name = nameOf(request);
      const key = keys.get(request.keyHash);
      const isGood = license !== undefined && !license.archived && key !== undefined && keyWorks(key, clock.now());
      good.delete(name);
      bad.delete(name);
      if (isGood) good.set(name, true, ONE);
      else bad.set(name, clock.now() + BAD_FOR, ONE);
    },
  };
}

const nameOf = ({ key, keyHash }: KeyOf): string => `${key.licenseId} ${keyHash}`;
