import type { Fetch } from '../platform/platform.ts';
import { memoryStorage } from '../storage/memory.ts';
import type { Storage } from '../storage/storage.ts';
import { readKeys } from './material.ts';
import { type KeySource, KeysUnavailable, named, type PublicKey } from './source.ts';

export interface FetchedKeysOptions {
  /** Keeps the keys between runs. Default: memory. */
  readonly storage?: Storage;
  readonly fetch?: Fetch;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Milliseconds; default 10,000. */
  readonly timeout?: number;
}

interface Held {
  readonly keys: readonly PublicKey[];
  readonly fetchedAt: number;
  readonly maxAge: number;
}

/** Milliseconds that keys are fresh for when the server does not say. A key is published two days before it signs. */
const DEFAULT_MAX_AGE = 3_600_000;
/** A licence that names an unknown key makes us ask at once, but no more often than this. */
const MIN_AGE = 60_000;
const NAME = 'public-keys';

/**
 * Keys from a server, kept as long as its Cache-Control says. While it cannot be reached, the last ones are used,
 * however old: a licence's own `valid_until` bounds how long that matters.
 * @param url of a JWKS or of `/api/v1/public-keys`, which also names the versions
 */
export function fetchedKeys(url: string, options: FetchedKeysOptions = {}): KeySource {
  const { storage = memoryStorage(), now = Date.now, timeout = 10_000 } = options;
  const load: Fetch = options.fetch ?? ((from, init) => fetch(from, init));
  let held: Held | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let pending: Promise<Held> | undefined;

  async function refresh(): Promise<Held> {
    const response = await load(url, { signal: AbortSignal.timeout(timeout) });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    const text = await response.text();
    const keys = await readKeys(JSON.parse(text));
    const seconds = /max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1];
    const maxAge = seconds === undefined ? DEFAULT_MAX_AGE : Number(seconds) * 1000;
    await storage.set(NAME, text).catch(() => undefined);
    return { keys, fetchedAt: now(), maxAge };
  }

  async function recall(): Promise<Held | undefined> {
    const text = await storage.get(NAME).catch(() => undefined);
    if (text === undefined) return undefined;
    // Stale from the beginning: an earlier run's age is not known for certain.
    return readKeys(text).then(
      (keys) => ({ keys, fetchedAt: Number.NEGATIVE_INFINITY, maxAge: 0 }),
      () => undefined,
    );
  }

  /** Those that look at the same time share one request; one that failed is not repeated at once. */
  async function current(maxAge: number): Promise<Held> {
    if (held !== undefined && Math.abs(now() - held.fetchedAt) < maxAge) return held;
    if (held !== undefined && Math.abs(now() - failedAt) < MIN_AGE) return held;
    pending ??= refresh().finally(() => {
      pending = undefined;
    });
    try {
      held = await pending;
    } catch (cause) {
      failedAt = now();
      held ??= await recall();
      if (held === undefined) throw new KeysUnavailable(url, cause);
    }
    return held;
  }

  return {
    async find(name) {
      const first = await current(held?.maxAge ?? 0);
      const found = named(first.keys, name);
      return found.length > 0 ? found : named((await current(MIN_AGE)).keys, name);
    },
  };
}
