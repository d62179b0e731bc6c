/**
 * URLs a second when a signature takes 150 ms, as SignBlob's do: one after another over one client, which is how the
 * signer being replaced works, and ours, one by one, many at once, and in batches. The signatures are real, and so is
 * the gRPC; the stand-in that makes them is a process of its own on the same processors.
 *
 *     npm run bench signed-urls
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { signedUrlsRoutes } from '#functions/signed-urls/handlers.ts';
import { createSigner } from '#functions/signed-urls/index.ts';
import { createSignUrl, type SignUrl } from '#functions/signed-urls/sign-url.ts';
import { createCaller } from '#local/caller.ts';
import { startIam } from '#local/iam/start.ts';
import { createRecorder } from '#local/recorder.ts';
import { MAX_BATCH, signedUrlRequest } from '#shared/contract/signed-urls.ts';
import type { BlobSigner } from '#shared/crypto/blob-signer.ts';
import { createIamChannels, createIamSigner } from '#shared/gcp/iam.ts';
import { systemClock } from '#shared/model/clock.ts';
import { silentLogger } from '#shared/model/logger.ts';
import type { UploadOrigin } from '#shared/model/upload-origin.ts';
import { createReport } from './report.ts';

process.env['METADATA_SERVER_DETECTION'] = 'none';

const LATENCY_MS = 150;
const ROUNDS = 5;
const account = 'signed-urls@bench.iam.gserviceaccount.com';

/** In the child: IAM, as slow as it is. */
async function standIn(): Promise<void> {
  const recorder = createRecorder();
  recorder.inject({ service: 'iam', method: 'SignBlob', delay_ms: LATENCY_MS });
  const caller = createCaller(account, [['iam.serviceAccounts.signBlob', `projects/-/serviceAccounts/${account}`]]);
  const iam = await startIam({ callers: [caller], recorder });
  process.send?.(iam.address(account));
  await once(process, 'disconnect');
  await iam.close();
}

const signWith = (signer: BlobSigner) =>
  createSignUrl({
    signer,
    clock: systemClock,
    bucket: 'a-bucket',
    origin: undefined,
    policy: { contentTypes: ['*/*'], maxBytes: 2 ** 30 },
  });

const ORIGIN: UploadOrigin = { tenantId: 'tenant', requestedBy: { kind: 'service', id: 'bench@example.org' } };

let drawn = 0;
/** No two are the same, or they would be signed once. */
const wish = () => ({ filename: `object-${++drawn}`, content_type: 'image/png' });
const parsed = () => signedUrlRequest.parse(wish());

async function oneByOne(signUrl: SignUrl, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await signUrl(ORIGIN, parsed());
}

async function atOnce(signUrl: SignUrl, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => signUrl(ORIGIN, parsed())));
}

/** Through the route's own handler, which judges each request for itself. */
async function batches(signUrl: SignUrl, count: number): Promise<void> {
  const batch = signedUrlsRoutes(signUrl).find(({ route }) => route.path === '/api/v1/signed-urls');
  const one = async () => {
    const answer = await batch?.handle({
      params: {},
      query: {},
      body: { requests: Array.from({ length: MAX_BATCH }, () => ({ ...wish(), tenant_id: 'tenant' })) },
      inexact: [],
      principal: {
        kind: 'service',
        email: 'backend@bench.iam.gserviceaccount.com',
        scopes: ['urls'],
        urlTenants: undefined,
      },
      headers: {},
      requestId: 'bench',
      clientIp: '127.0.0.1',
      setHeaders: () => undefined,
      signal: new AbortController().signal,
      log: silentLogger,
    });
    if (JSON.stringify(answer?.body).includes('"code"')) throw new Error('a request of the batch failed');
  };
  await Promise.all(Array.from({ length: count }, one));
}

interface Measured {
  readonly name: string;
  readonly urls: number;
  readonly run: () => Promise<void>;
}

interface Result {
  readonly name: string;
  readonly urls: number;
  /** Milliseconds of a round. */
  readonly median: number;
  readonly slowest: number;
  /** Milliseconds of processor time a URL, of this process alone. */
  readonly cpu: number;
}

async function measure(urls: number, run: () => Promise<void>): Promise<Pick<Result, 'median' | 'slowest' | 'cpu'>> {
  const rounds: number[] = [];
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    await run();
    rounds.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(before);
  rounds.sort((a, b) => a - b);
  return {
    median: rounds[ROUNDS >> 1] ?? Number.NaN,
    slowest: rounds.at(-1) ?? Number.NaN,
    cpu: (user + system) / 1000 / ROUNDS / urls,
  };
}

async function compare(endpoint: string): Promise<void> {
  const ours = createSigner(account, endpoint);
  const replaced = createIamChannels(1, endpoint);
  const sequential = signWith(createIamSigner(replaced, account));
  const signUrl = signWith(ours.signer);
  const cases: readonly Measured[] = [
    { name: 'the signer being replaced: one after another', urls: 20, run: () => oneByOne(sequential, 20) },
    { name: 'ours, one after another', urls: 20, run: () => oneByOne(signUrl, 20) },
    { name: 'ours, 100 at once', urls: 100, run: () => atOnce(signUrl, 100) },
    { name: 'ours, 1,000 at once', urls: 1000, run: () => atOnce(signUrl, 1000) },
    { name: 'ours, a batch of 100', urls: 100, run: () => batches(signUrl, 1) },
    { name: 'ours, 10 batches of 100 at once', urls: 1000, run: () => batches(signUrl, 10) },
  ];
  // What comes once in an instance's life is no part of it: connections, and code that has never run.
  await Promise.all([atOnce(signUrl, 1000), sequential(ORIGIN, parsed())]);
  await atOnce(signUrl, 1000);

  const results: Result[] = [];
  for (const { name, urls, run } of cases) results.push({ name, urls, ...(await measure(urls, run)) });
  print(results);
  await Promise.all([ours.close(), replaced.close()]);
}

function print(results: readonly Result[]): void {
  const rate = ({ urls, median }: Result) => (urls * 1000) / median;
  const [replaced] = results;
  const base = replaced === undefined ? Number.NaN : rate(replaced);
  const report = createReport('signed-urls');
  report.table(
    `SignBlob in ${LATENCY_MS} ms, medians of ${ROUNDS} rounds`,
    results.map((result) => ({
      what: result.name,
      'URLs/s': Number(rate(result).toFixed(1)),
      ratio: Number((rate(result) / base).toFixed(1)),
      'all in ms': Math.round(result.median),
      'slowest round, ms': Math.round(result.slowest),
      'CPU ms a URL': Number(result.cpu.toFixed(2)),
    })),
  );
  report.finish();
}

if (process.argv[2] === 'stand-in') {
  await standIn();
} else {
  const child = fork(fileURLToPath(import.meta.url), ['stand-in']);
  const [endpoint] = await once(child, 'message');
  await compare(String(endpoint));
  child.disconnect();
}
