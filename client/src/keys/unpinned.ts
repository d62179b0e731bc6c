import { memoryStorage } from '../storage/memory.ts';
import { fetchText } from './fetch-text.ts';
import { readKeys } from './material.ts';
import type { PublicKey } from './public-key.ts';
import { type KeySource, type KeySurroundings, KeysUnavailable, named } from './source.ts';

interface Held {
  readonly keys: readonly PublicKey[];
  readonly fetchedAt: number;
  readonly maxAge: number;
}

/** @internal */
export const PUBLIC_KEYS_PATH = '/api/v1/public-keys';
/** Milliseconds that keys are fresh for when the server does not say. A key is published two days before it signs. */
const DEFAULT_MAX_AGE = 3_600_000;
/** A licence that names an unknown key makes us ask at once, but no more often than this. */
const MIN_AGE = 60_000;
const NAME = 'public-keys';

/**
 * Whatever keys the server publishes, for trying things out: whoever answers in the server's place, or can write to the
 * storage, makes any licence valid. A program that ships pins the root (`rootKey`). The keys are kept as long as the
 * answer's Cache-Control says; while the server cannot be reached, the last ones are used, however old.
 */
export function unpinnedKeys(own: KeySurroundings = {}): KeySource {
  const { url, storage = memoryStorage(), now = Date.now } = own;
  let held: Held | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let pending: Promise<Held> | undefined;

  async function refresh(): Promise<Held> {
    const { text, cacheControl } = await fetchText(own, PUBLIC_KEYS_PATH);
    const keys = await readKeys(JSON.parse(text));
    const seconds = /max-age=(\d+)/.exec(cacheControl)?.[1];
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
    connect: (surroundings) => unpinnedKeys({ ...surroundings, ...own }),
  };
}
