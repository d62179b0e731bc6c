import { fetchedKeys } from '../keys/fetched.ts';
import { verifyLicense } from '../license/verify.ts';
import type { Platform } from '../platform/platform.ts';
import { createTrustedClock, type TrustedClock } from '../trusted-clock.ts';
import { createAcquireAndVerify, type VerifiedAcquire, type Verify } from './acquire-and-verify.ts';
import { createSeatApi, fetchPost, PATHS, type SeatApi } from './api.ts';
import { type Backoff, createBackoff } from './backoff.ts';
import { createCache, type LicenseCache } from './cache.ts';
import { SeatError } from './error.ts';
import { createEmitter, type SeatListener } from './events.ts';
import type { HoldOptions } from './options.ts';

/** Everything that one seat is kept with. */
export interface SeatContext {
  readonly options: HoldOptions;
  readonly platform: Platform;
  readonly clock: TrustedClock;
  readonly api: SeatApi;
  readonly cache: LicenseCache;
  readonly backoff: Backoff;
  readonly verify: Verify;
  readonly acquireAndVerify: () => Promise<VerifiedAcquire>;
  readonly releaseUrl: string;
  readonly emit: SeatListener;
  subscribe(listener: SeatListener): () => void;
  /** Waits, and keeps the program running meanwhile; less when the signal is aborted. */
  pause(milliseconds: number): Promise<void>;
  throwIfAborted(): void;
}

export async function createContext(options: HoldOptions, platform: Platform): Promise<SeatContext> {
  const url = options.url.replace(/\/+$/, '');
  const storage = options.storage ?? platform.defaultStorage(options.application);
  const hardwareId = options.hardwareId ?? (await platform.hardwareId(options.application, storage));
  const clock = createTrustedClock(platform);
  const { emit, subscribe } = createEmitter();
  if (options.onEvent !== undefined) subscribe(options.onEvent);
  const timeout = options.timeout ?? 10_000;
  const api = createSeatApi(fetchPost(url, platform, timeout), clock.sawServer);
  const cache = createCache(storage, options.licenseKey, hardwareId, clock);
  const now = () => clock.now();
  const keys = options.keys ?? fetchedKeys(url + PATHS.keys, { storage, fetch: platform.fetch, now, timeout });
  const verify: Verify = (license, trusted) =>
    verifyLicense(license, keys, {
      clock: trusted,
      hardwareId,
      allowUnsigned: options.allowUnsigned ?? false,
      ...(platform.checkSignature === undefined ? {} : { checkSignature: platform.checkSignature }),
    });
  const request = {
    license_key: options.licenseKey,
    hardware_id: hardwareId,
    user_email: options.userEmail,
    hostname: options.hostname ?? platform.description.hostname,
    platform: options.platform ?? platform.description.platform,
    client_version: options.clientVersion,
    token_format: options.tokenFormat,
  };
  return {
    options,
    platform,
    clock,
    api,
    cache,
    verify,
    emit,
    subscribe,
    acquireAndVerify: createAcquireAndVerify({ api, request, verify, clock, cache }),
    backoff: createBackoff(platform.random),
    releaseUrl: url + PATHS.release,
    pause: (milliseconds) =>
      new Promise((resolve) => {
        const done = () => {
          cancel();
          options.signal?.removeEventListener('abort', done);
          resolve();
        };
        const cancel = platform.setTimer(done, milliseconds, true);
        options.signal?.addEventListener('abort', done);
      }),
    throwIfAborted() {
      if (options.signal?.aborted) throw new SeatError('aborted', { cause: options.signal.reason });
    },
  };
}
