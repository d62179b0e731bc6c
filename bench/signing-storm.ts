/**
 * A crowd of machines that acquire at the same moment over HTTP, with a KMS that needs 5, 30 and 300 ms for a signature:
 * how long until all are licensed, beside what the same number of signatures takes by itself, and how many signatures
 * were made for it.
 *
 *     npm run bench signing-storm [clients …]
 *
 * Clients, gateway, functions, KMS and Firestore share this machine, whose processors the signatures alone keep busy. So
 * the crowd is timed in batches first, which is nearly all of the work without the signatures: what plain licences are
 * held against is the sum of both.
 */
import { createHash } from 'node:crypto';
import { createLicense } from '#local/demonstration.ts';
import { startStack } from '#local/stack.ts';
import { createTokens, DEMO_TENANT } from '#local/tokens.ts';
import { createKmsClient } from '#shared/gcp/kms.ts';
import { httpCrowd } from './signing/http-crowd.ts';

const given = process.argv.slice(2).map(Number);
const SIZES = given.length > 0 ? given : [1_000, 3_000];
const DELAYS = [5, 30, 300];
const FORMATS = ['batch', 'signed-json'] as const;

const stack = await startStack({ directory: '.local/bench', port: 0, log: () => undefined });
const staff = (await createTokens(stack))['staff'] ?? '';
const kms = createKmsClient(stack.kms);
const name = `${stack.environment('seats')['SIGNING_KEY']}/cryptoKeyVersions/1`;

/** Milliseconds that so many signatures take when KMS gets them all at once. */
async function alone(count: number): Promise<number> {
  const start = performance.now();
  const one = (index: number) =>
    kms.asymmetricSign({ name, digest: { sha256: createHash('sha256').update(String(index)).digest() } });
  await Promise.all(Array.from({ length: count }, (_, index) => one(index)));
  return performance.now() - start;
}

const rows: object[] = [];
try {
  const { license_key } = await createLicense(stack.gateway, staff, DEMO_TENANT, 200);
  await httpCrowd(stack, { licenseKey: license_key, clients: 200, format: 'signed-json' });
  for (const clients of SIZES) {
    for (const delay of DELAYS) {
      stack.recorder.inject({ service: 'kms', method: 'AsymmetricSign', delay_ms: delay });
      const signatures = await alone(clients);
      let rest = 0;
      for (const format of FORMATS) {
        const { license_key } = await createLicense(stack.gateway, staff, DEMO_TENANT, clients);
        const crowd = await httpCrowd(stack, { licenseKey: license_key, clients, format });
        if (format === 'batch') rest = crowd.total;
        const row = {
          clients,
          'KMS, ms': delay,
          format,
          licensed: crowd.licensed,
          signatures: crowd.signatures,
          answers: JSON.stringify(crowd.answers),
          'without Retry-After': crowd.withoutRetryAfter,
          'last 503 to a first request, s': Math.round(crowd.toldAfter / 100) / 10,
          'all licensed, s': Math.round(crowd.total / 100) / 10,
          'signatures alone, s': Math.round(signatures / 100) / 10,
          'of signatures alone': Math.round((crowd.total / signatures) * 100) / 100,
          'of signatures and the rest': Math.round((crowd.total / (signatures + rest)) * 100) / 100,
        };
        console.log(JSON.stringify(row));
        rows.push(row);
      }
      stack.recorder.forgetFaults();
    }
  }
  console.table(rows);
} finally {
  await kms.close();
  await stack.close();
}
process.exit();
