import { toHex } from '../encoding.ts';
import { sourceOf, verifyLicense } from '../license/verify.ts';
import type { Platform } from '../platform/platform.ts';
import { guardedStorage } from '../storage/guarded.ts';
import { cleanText } from '../text/clean.ts';
import { createTrustedClock, type TrustedClock } from '../trusted-clock.ts';
import {
  type AcquireAndVerify,
  type BorrowAndVerify,
  createAcquireAndVerify,
  createBorrowAndVerify,
  createHeartbeatAndVerify,
  type HeartbeatAndVerify,
  type Verify,
} from './acquire-and-verify.ts';
import { createSeatApi, fetchPost, type SeatApi } from './api.ts';
import { type Backoff, createBackoff } from './backoff.ts';
import { createCache, type LicenseCache } from './cache.ts';
import { SeatError } from './error.ts';
import { createEmitter, type SeatListener } from './events.ts';
import type { ReadOptions } from './options.ts';
import { createTokenSource } from './user-token.ts';

/** Everything that one seat is kept with. */
export interface SeatContext {
  readonly options: ReadOptions;
  readonly platform: Platform;
  /** Of the licence server, without a slash at its end. */
  readonly url: string;
  /** Tells this holder of the seat from other programs of the machine, which share it. Random, for one run. */
  readonly program: string;
  readonly clock: TrustedClock;
  readonly api: SeatApi;
  readonly cache: LicenseCache;
  readonly backoff: Backoff;
  readonly verify: Verify;
  readonly acquireAndVerify: AcquireAndVerify;
  readonly borrowAndVerify: BorrowAndVerify;
  readonly heartbeatAndVerify: HeartbeatAndVerify;
  readonly emit: SeatListener;
  subscribe(listener: SeatListener): () => void;
  /** Gives a seat back that is not going to be held. */
  release(sessionId: string): Promise<unknown>;
  /** Waits, and keeps the program running meanwhile; less when the signal is aborted. */
  pause(milliseconds: number): Promise<void>;
  throwIfAborted(): void;
}

const NO_MEMORY =
  'Nothing can be kept on this machine, so a start without the licence server will not be possible: check the directory of the storage, its rights and its space.';

const STALE_KEYS =
  'The list of public keys could not be fetched, so the known one is used until it is too old: check whether the licence server serves /.well-known/countersign-keys.json, and whether a proxy changes it.';

export async function createContext(options: ReadOptions, platform: Platform): Promise<SeatContext> {
  const { url, application, timeout, signal } = options;
  const { emit, subscribe } = createEmitter();
  if (options.onEvent !== undefined) subscribe(options.onEvent);
  const storage = guardedStorage(
    () => options.storage ?? platform.defaultStorage(application),
    (cause) => emit({ type: 'storage_unavailable', message: NO_MEMORY, cause }),
  );
  const hardwareId = options.hardwareId ?? cleanText(await platform.hardwareId(application, storage));
  const clock = createTrustedClock(platform);
  const fetch = options.fetch ?? platform.fetch;
  const program = toHex(crypto.getRandomValues(new Uint8Array(16)));
  const { userToken } = options;
  const askToken = userToken && createTokenSource(userToken, platform, timeout, signal);
  const api = createSeatApi(fetchPost(url, fetch, platform.setTimer, timeout), program, askToken);
  const cache = createCache(storage, options.licenseKey, hardwareId, clock);
  const now = () => clock.now();
  const { checkSignature } = platform;
  const given = sourceOf(options.keys);
  const onStale = (until: number, cause: unknown) =>
    emit({ type: 'keys_not_updated', message: STALE_KEYS, until, cause });
  const keys = given.connect?.({ url, storage, fetch, now, timeout, checkSignature, onStale }) ?? given;
  const verify: Verify = (license, nonce, asked) =>
    verifyLicense(license, keys, {
      clock,
      nonce,
      asked,
      kind: 'seat',
      hardwareId,
      product: options.product,
      allowUnsigned: options.allowUnsigned ?? false,
      ...(checkSignature === undefined ? {} : { checkSignature }),
    });
  const request = {
    license_key: options.licenseKey,
    hardware_id: hardwareId,
    user_email: options.userEmail,
    hostname: shown(options.hostname, platform.description.hostname),
    platform: shown(options.platform, platform.description.platform),
    client_version: options.clientVersion,
    process_id: options.processId ?? program,
    take_over: options.takeOver,
    token_format: 'batch',
  };
  const refresh = { license_key: options.licenseKey, hardware_id: hardwareId, token_format: 'batch' };
  return {
    options,
    platform,
    url,
    program,
    clock,
    api,
    cache,
    verify,
    emit,
    subscribe,
    acquireAndVerify: createAcquireAndVerify({ api, request, verify, cache, clock }),
    borrowAndVerify: createBorrowAndVerify({ api, request, verify, cache, clock }),
    heartbeatAndVerify: createHeartbeatAndVerify({ api, refresh, verify, cache, clock }),
    backoff: createBackoff(platform.random),
    release: (sessionId) => api.release(sessionId),
    pause: (milliseconds) =>
      new Promise((resolve) => {
        const done = () => {
          cancel();
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const cancel = platform.setTimer(done, milliseconds, true);
        signal?.addEventListener('abort', done);
      }),
    throwIfAborted() {
      if (signal?.aborted) throw SeatError.of('aborted', { cause: signal.reason });
    },
  };
}

/** What administrators see: what the program says, else what the machine is; nothing where the program says so. */
const shown = (said: string | false | undefined, found: string | undefined): string | undefined =>
  said === false ? undefined : (said ?? found);
