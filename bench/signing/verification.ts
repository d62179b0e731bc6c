import { verify } from 'node:crypto';
import { signBatch } from '#shared/crypto/batch.ts';
import { signLicenseToken, verifyLicenseToken } from '#shared/crypto/jws.ts';
import { type LicenseClaims, signLicense, verifyLicense } from '#shared/crypto/license.ts';
import { createVerifiedHeads } from '#shared/crypto/verified-heads.ts';
import type { Verification } from '#shared/crypto/verify.ts';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { median } from '../seats/storm.ts';
import type { SlowKms } from './kms.ts';

export interface VerificationRow {
  readonly form: string;
  /** Microseconds a licence, median of the rounds. */
  readonly micros: number;
}

const BATCH = 256;
/** Short ones, so that what interrupts us hits few, and the median none; as many before them, for the compiler. */
const ROUNDS = 300;

const claimsOf = (index: number): LicenseClaims => ({
  license_key: 'CS1-0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ',
  license_id: 'lic_0123456789ab',
  session_id: `lic_0123456789ab.abcdefghijklmnopqrstuvwxyz0123456789-${index}`,
  tenant_id: 'acme',
  tier: 'professional',
  features: ['export', 'api', 'render'],
  max_seats: 1_000,
  hardware_id: `0123456789abcdef0123456789ab${index.toString().padStart(4, '0')}`,
  user_email: 'someone@example.org',
  expires_at: '2999-01-01T00:00:00.000Z',
  valid_until: '2999-01-01T00:00:00.000Z',
});

/** Forms take turns, slice by slice. What is checked has come through JSON, as it comes to a client. */
export async function verification({ key, signer, publicKey }: SlowKms): Promise<VerificationRow[]> {
  const now = Date.now();
  const find = () => publicKey;
  const claims = claimsOf(0);
  const plain = throughJson(await signLicense(claims, key, signer, now));
  const token = await signLicenseToken(claims, 'https://countersign.example', key, signer, now);
  const all = Array.from({ length: BATCH }, (_, index) => claimsOf(index));
  const batch = (await signBatch(all, key, signer, now)).map(throughJson);
  const { signature, ...signed } = plain;
  const [text, bytes] = [Buffer.from(canonicalJson(signed)), Buffer.from(signature, 'base64')];

  const forms: readonly { form: string; slice: number; check: (index: number) => boolean }[] = [
    { form: 'crypto.verify', slice: 20, check: () => verify('sha256', text, publicKey.key, bytes) },
    { form: 'plain', slice: 20, check: () => isValid(verifyLicense(plain, find, now)) },
    { form: 'jws', slice: 20, check: () => isValid(verifyLicenseToken(token, find, now)) },
    // A whole batch with its own memory of heads, which therefore meets each licence once and the signature once.
    {
      form: 'batch',
      slice: 1,
      check: () => {
        const heads = createVerifiedHeads();
        return batch.every((data) => isValid(verifyLicense(data, find, now, heads)));
      },
    },
    { form: 'batch, without memory', slice: 20, check: (at) => isValid(verifyLicense(batch[at], find, now)) },
  ];
  const times = new Map(forms.map(({ form }) => [form, [] as number[]]));
  for (let round = -ROUNDS; round < ROUNDS; round += 1) {
    for (const { form, slice, check } of forms) {
      const start = performance.now();
      for (let i = 0; i < slice; i += 1) if (!check(i)) throw new Error(`${form}: a good licence was refused`);
      const licenses = form === 'batch' ? BATCH : slice;
      if (round >= 0) times.get(form)?.push(((performance.now() - start) * 1000) / licenses);
    }
  }
  return forms.map(({ form }) => ({ form, micros: median(times.get(form) ?? []) }));
}

const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));
const isValid = ({ valid }: Verification) => valid;
