/**
 * A thousand machines that start at the same moment, when the key signs 214 times a minute as an HSM does with RSA-4096
 * and a signature takes 30 ms: each with a signature of its own, as signed JSON and as a token, and in batches. Then
 * what checking a licence costs in each form, beside the bare check of its signature.
 *
 *     npm run bench signing
 *
 * Seats are taken in Google's Firestore emulator, or the embedded one where that is not installed; the key is a real one
 * in threads of this process, behind the limit.
 */
import { createReport } from './report.ts';
import { startEmbedded, startEmulator } from './seats/firestore-servers.ts';
import { type CrowdRow, crowd } from './signing/crowd.ts';
import { createSlowKms } from './signing/kms.ts';
import { type VerificationRow, verification } from './signing/verification.ts';

const CLIENTS = 1_000;
const LATENCY_MS = 30;
const PER_MINUTE = 214;
/** Milliseconds that plain and JWS are watched; what they have left then follows from the limit. */
const BOUND = 15_000;

const round = (value: number, digits = 1) => Number(value.toFixed(digits));

function printCrowds(rows: readonly CrowdRow[]): void {
  report.table(
    `${CLIENTS} acquisitions at once, KMS in ${LATENCY_MS} ms, ${PER_MINUTE} signatures a minute`,
    rows.map(({ format, licensed, calls, total, p50, p99, extrapolated }) => ({
      format,
      'licensed while watched': licensed,
      'KMS calls': calls,
      'licences/s': round((CLIENTS * 1000) / total),
      'last one, s': round(total / 1000),
      'p50, s': round(p50 / 1000, 2),
      'p99, s': round(p99 / 1000, 2),
      remark: extrapolated ? `computed after ${BOUND / 1000} s` : 'measured',
    })),
  );
}

function printVerifications(rows: readonly VerificationRow[], raw: number): void {
  report.table(
    'Checking, one after the other on one core, medians',
    rows.map(({ form, micros }) => ({
      form,
      'licences/s': Math.round(1_000_000 / micros),
      'µs a licence': round(micros, 2),
      'of crypto.verify': round(raw / micros, 2),
    })),
  );
}

const report = createReport('signing');
process.env['METADATA_SERVER_DETECTION'] = 'none';
const [firestore, kms] = await Promise.all([
  startEmulator().then((emulator) => emulator ?? startEmbedded()),
  createSlowKms(LATENCY_MS, PER_MINUTE),
]);
console.log(`on ${firestore.name}`);
try {
  const options = { kms, host: firestore.host, clients: CLIENTS, perMinute: PER_MINUTE, bound: BOUND };
  // Unmeasured: the emulator's Java and our own code are compiled while they run.
  for (let turn = 0; turn < 2; turn += 1) await crowd('batch', options);

  console.log(`Node ${process.version}`);
  const batch = await crowd('batch', options);
  printCrowds([batch, await crowd('signed-json', options), await crowd('jws', options)]);
  kms.refill();
  const rows = await verification(kms);
  const microsOf = (name: string) => rows.find(({ form }) => form === name)?.micros ?? Number.NaN;
  const raw = microsOf('crypto.verify');
  printVerifications(rows, raw);

  const plain = raw / microsOf('plain');
  const amortised = microsOf('plain') / microsOf('batch');
  const met = (is: boolean) => (is ? 'yes' : 'no');
  report.targets([
    { target: 'batch: everybody licensed, s', measured: round(batch.total / 1000), met: met(batch.total < 10_000) },
    { target: 'batch: KMS calls, at most 30', measured: batch.calls, met: met(batch.calls <= 30) },
    { target: 'plain: share of crypto.verify, at least 0.9', measured: round(plain, 3), met: met(plain >= 0.9) },
    { target: 'batch: times faster than plain, at least 10', measured: round(amortised), met: met(amortised >= 10) },
  ]);
  report.finish();
} finally {
  await Promise.all([firestore.close(), kms.close()]);
}
process.exit();
