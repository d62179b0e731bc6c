import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../model/clock.ts';

/** How a key set is read. Times are milliseconds. */
export interface IssuerKeysOptions {
  readonly url: string;
  /** Real time: tokens are checked by it. */
  readonly clock: Clock;
  /** For one fetch. */
  readonly timeout?: number;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** A key that an issuer has taken out of its set works here for at most this long, while the issuer can be reached. */
const MAX_AGE = 10 * 60_000;
/** An issuer that cannot be reached for longer than this is none: Google's own keys rotate within days. */
const MAX_STALE = 24 * 3_600_000;
/**
 * Between two fetches: after a failure while there is a set to go on with, and for key ids that the set does not have.
 * Without a set every request needs one; those that come during a fetch share it.
 */
const COOL_DOWN = 30_000;
const TIMEOUT = 5_000;
const ATTEMPTS = 3;
const BACKOFF = 100;
/** Google's sets have less than 4 KiB. */
const MAX_BYTES = 256 * 1024;

/** The set cannot be read, and there is none to go on with, or none that is known to have all keys. */
class IssuerKeysUnavailable extends Error {
  override readonly name = 'IssuerKeysUnavailable';
}

/**
 * An issuer's public keys (JWKS, RFC 7517) for checking tokens. The set is read by the first request that finds it
 * old, since an instance has no CPU between requests; if that fails, requests go on with the old set. A key id that
 * the set does not have causes a fetch, since it may be new, but no more than one in half a minute.
 * @throws IssuerKeysUnavailable, from the returned function; JWKSNoMatchingKey for a key id that does not exist
 */
export function createIssuerKeys(options: IssuerKeysOptions): JWTVerifyGetKey {
  const { clock } = options;
  let held: { readonly keys: JWTVerifyGetKey; readonly readAt: number } | undefined;
  let attempted = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    try {
      const keys = await fetchKeySet(options);
      held = { keys, readAt: clock.now() };
      failure = undefined;
    } catch (error) {
      failure = error;
    } finally {
      attempted = clock.now();
      reading = undefined;
    }
  }

  /** Requests that need the set at the same time share one fetch. */
  async function refresh(coolDown: number): Promise<void> {
    if (reading === undefined && clock.now() < attempted + coolDown) return;
    reading ??= read();
    await reading;
  }

  return async (header, token) => {
    const age = held === undefined ? Number.POSITIVE_INFINITY : clock.now() - held.readAt;
    if (age >= MAX_AGE) await refresh(held === undefined ? 0 : COOL_DOWN);
    if (held === undefined || clock.now() - held.readAt >= MAX_STALE) throw unavailable(failure);
    try {
      return await held.keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh(COOL_DOWN);
      if (failure !== undefined) throw unavailable(failure);
      return held.keys(header, token);
    }
  };
}

const unavailable = (cause: unknown) => new IssuerKeysUnavailable('the issuer’s keys cannot be read', { cause });

/** Tries a bounded number of times: reading has no side effect. */
async function fetchKeySet(options: IssuerKeysOptions): Promise<JWTVerifyGetKey> {
  const { wait = sleep } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetchOnce(options);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await wait(BACKOFF * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

async function fetchOnce({ url, timeout = TIMEOUT }: IssuerKeysOptions): Promise<JWTVerifyGetKey> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeout),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the issuer answered ${response.status}`);
  }
  return createLocalJWKSet(keySetIn(JSON.parse(await readText(response))));
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`the issuer answered more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** A set without keys is a failure of its server: with it, every token would be invalid. */
function keySetIn(answer: unknown): JSONWebKeySet {
  if (typeof answer !== 'object' || answer === null || !('keys' in answer) || !Array.isArray(answer.keys)) {
    throw new TypeError('the issuer answered something that is no key set');
  }
  if (answer.keys.length === 0) throw new TypeError('the issuer answered a key set without keys');
  return { keys: answer.keys };
}
