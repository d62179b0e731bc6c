import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto';
import * as z from 'zod';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { BusyError, patiently } from './patience.ts';

const created = z.object({ license_id: z.string(), license_key: z.string() });
const acquired = z.object({
  session_id: z.string(),
  seats_used: z.number(),
  license_data: z.record(z.string(), z.unknown()),
});

/**
 * Sends JSON and answers JSON, as a client would.
 * @throws Error with the problem's text; BusyError when it says to come back
 */
async function call(url: string, method: string, body?: unknown, headers = {}): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return JSON.parse(await textOf(response, `${method} ${url}`));
}

async function textOf(response: Response, request: string): Promise<string> {
  const text = await response.text();
  if (response.ok) return text;
  const message = `${request} answered ${response.status}: ${text}`;
  throw response.status === 503 ? new BusyError(message) : new Error(message);
}

/** Creates a licence, by the vendor's token, that expires in a year, far longer than the local stack runs. */
export async function createLicense(
  gateway: string,
  token: string,
  tenantId: string,
  maxSeats: number,
  say: (line: string) => void = () => undefined,
) {
  const license = {
    tenant_id: tenantId,
    tier: 'professional',
    max_seats: maxSeats,
    expires_at: new Date(Date.now() + 365 * 86_400_000).toISOString(),
    features: ['export', 'collaboration'],
  };
  // A second attempt is answered with the first one's licence.
  const headers = { authorization: `Bearer ${token}`, 'idempotency-key': randomUUID() };
  return created.parse(await patiently(() => call(`${gateway}/api/v1/licenses`, 'POST', license, headers), say));
}

/**
 * The main use case over HTTP: acquires a seat, verifies its licence with only the public key, and releases the seat.
 * @param license_key of a licence with a free seat; best of another tenant than the one shown to the user
 */
export async function demonstrate(gateway: string, license_key: string, say: (line: string) => void): Promise<void> {
  const acquire = { license_key, hardware_id: 'demonstration' };
  const seat = acquired.parse(await patiently(() => call(`${gateway}/api/v1/licenses/acquire`, 'POST', acquire), say));
  say(`acquired  session ${seat.session_id.slice(0, 24)}…, ${seat.seats_used} seat in use`);

  const { signature, ...signed } = seat.license_data;
  const pemUrl = `${gateway}/api/v1/public-keys/${signed['key_version']}.pem`;
  const pem = await patiently(async () => textOf(await fetch(pemUrl), `GET ${pemUrl}`), say);
  const text = canonicalJson(signed);
  const valid = verify('sha256', Buffer.from(text), createPublicKey(pem), Buffer.from(String(signature), 'base64'));
  if (!valid) throw new Error('the signed licence did not verify');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  say(
    `verified  offline with ${signed['key_version']}: RSA-4096 over SHA-256 ${digest}…, good until ${signed['valid_until']}`,
  );

  const release = { session_id: seat.session_id };
  await patiently(() => call(`${gateway}/api/v1/licenses/release`, 'POST', release), say);
  say('released  the seat is free again');
}
