/**
 * Performs an acquire, from the route's handler to the signed licence, under V8's debugger, and prints as JSON every
 * call of a function in functions/seats (`Call`). Run by walk.test.ts, in a process of its own.
 */
import { once } from 'node:events';
import { Session } from 'node:inspector/promises';
import { Worker } from 'node:worker_threads';
import { createResolveKey } from '#shared/imported-keys/resolve-key.ts';
import { newKeyFields } from '#shared/model/key-record.ts';
import { licenseDocument } from '#shared/model/license.ts';
import { hashLicenseKey, newKeyId, newLicenseId, newLicenseKey } from '#shared/model/license-key.ts';
import { silentLogger } from '#shared/model/logger.ts';
import { paths } from '#shared/seats/paths.ts';
import type { Document, DocumentStore } from '#shared/store/store.ts';
import { localKeys } from '../../../shared/crypto/local-key.ts';
import { license, NOW, openSeat } from '../fixtures.ts';

const FOLDER = new URL('../../../../../functions/seats/', import.meta.url).href;
const clock = { now: () => NOW };
const key = newLicenseKey(newLicenseId());

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
const acquire = await acquireRoute();
await acquire('one machine, to list the functions');
const { result } = await session.post('Profiler.takePreciseCoverage');
const functions = result
  .filter(({ url }) => url.startsWith(FOLDER))
  .flatMap(({ url, functions }) => functions.slice(1).map(({ ranges }) => ({ url, ranges })));
await session.post('Profiler.stopPreciseCoverage');

const worker = new Worker(new URL('./trace-calls.ts', import.meta.url), { workerData: { functions } });
await once(worker, 'message');
await acquire('another machine, to trace');
worker.postMessage('done');
const [calls] = await once(worker, 'message');
console.log(JSON.stringify(calls));
await worker.terminate();

/** Loaded while the coverage runs, since only then it lists every function. */
async function acquireRoute(): Promise<(hardwareId: string) => Promise<void>> {
  const { createAcquire } = await import('#functions/seats/acquire.ts');
  const { seatsRoutes } = await import('#functions/seats/handlers.ts');
  const { createLicenseCache } = await import('#functions/seats/license-cache.ts');
  const { createSignLicense } = await import('#functions/seats/sign-license.ts');
  const { createUsageRecorder } = await import('#functions/seats/usage-recorder.ts');
  const { id, updateTime, ...fields } = license();
  const document: Document = { path: paths.license(id), id, updateTime, fields: licenseDocument(fields) };
  const hash = hashLicenseKey(key);
  const keyDocument: Document = {
    path: paths.key(id, hash),
    id: hash,
    updateTime,
    fields: newKeyFields(newKeyId(), null, NOW),
  };
  const store: DocumentStore = {
    get: async ([, , ...others]) => [document, keyDocument, ...others.map(() => undefined)],
    query: async () => [openSeat('0')],
    count: async () => 0,
    commit: async () => undefined,
    writeEach: async (writes) => writes.map(() => undefined),
  };
  const sign = createSignLicense({
    keys: { signingKey: async () => localKeys.first.signingKey },
    sign: async () => ({ license_token: 'signed' }),
    clock,
    unsignedFallback: false,
  });
  const random = () => 0.5;
  const licenses = createLicenseCache(store, clock);
  const usage = createUsageRecorder({ store, clock, random });
  const [route] = seatsRoutes({
    resolveKey: createResolveKey({ pepper: undefined, find: unused }),
    acquire: createAcquire({ store, clock, random, sign, licenses, usage }),
    signInOf: () => undefined,
    heartbeat: unused,
    checkRefresh: unused,
    sign,
    release: unused,
    leaveQueue: unused,
    meanBetweenEnds: unused,
  });
  return async (hardware_id) => {
    const response = await route?.handle({
      params: {},
      query: {},
      body: { license_key: key.text, hardware_id },
      inexact: [],
      principal: { kind: 'anyone' },
      headers: {},
      requestId: 'walk',
      clientIp: '127.0.0.1',
      setHeaders: () => undefined,
      signal: new AbortController().signal,
      log: silentLogger,
    });
    if (response?.status !== 201) throw new Error(`the acquire was answered ${response?.status}`);
  };
}

async function unused(): Promise<never> {
  throw new TypeError('only acquire is traced');
}
