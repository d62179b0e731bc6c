/**
 * What checking a licence costs in the client of each language, root, list and times included, beside the bare check of its
 * RSA-4096 signature in the same language and run.
 *
 *     npm run bench clients
 */
import { startAdapter } from '../clients/conformance/adapter.ts';
import { languages } from '../clients/conformance/languages.ts';
import { keyDocument, signedLicense, takeKeys } from '../clients/conformance/signing.ts';
import { createReport } from './report.ts';

const COUNT = 2_000;
const ROUNDS = 5;

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const keys = await takeKeys();
const now = Date.now();
const time = (at: number) => new Date(at).toISOString();
const claims = {
  ...{ kind: 'seat', license_id: 'lic_conformance00', product: 'editor', tier: 'professional', features: ['export'] },
  ...{ hardware_id: 'machine', expires_at: null, valid_until: time(now + 86_400_000), signed_at: time(now) },
};
const license = JSON.stringify(signedLicense(claims, keys.first));
const document = keyDocument(keys, [keys.first], 10, now);

const report = createReport('clients');
const rows = [];
for (const language of languages()) {
  if (language.missing !== undefined) {
    console.log(`${language.name}: skipped, needs ${language.missing}`);
    continue;
  }
  const adapter = await startAdapter(language);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push(await adapter.ask({ do: 'measure', license, root: keys.root.pem, document, count: COUNT }));
  }
  await adapter.end('exit');
  const ours = median(rounds.map(({ verify_us = 0 }) => verify_us));
  const raw = median(rounds.map(({ raw_us = 0 }) => raw_us));
  rows.push({
    client: language.name,
    'µs a licence': Number(ours.toFixed(1)),
    'µs the bare signature': Number(raw.toFixed(1)),
    'of the bare check': Number((raw / ours).toFixed(2)),
  });
}
report.table(`Checking, one after the other, medians of ${ROUNDS} rounds of ${COUNT}`, rows);
report.finish();
