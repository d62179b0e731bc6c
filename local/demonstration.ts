import { createHash, createPublicKey, verify } from 'node:crypto';
import * as z from 'zod';
import { canonicalJson } from '#shared/crypto/canonical-json.ts';

const created = z.object({ license_id: z.string(), license_key: z.string() });
const acquired = z.object({
  session_id: z.string(),
  seats_used: z.number(),
  license_data: z.record(z.string(), z.unknown()),
});

/** Sends JSON and answers JSON, as a client would. @throws Error with the problem's text */
export async function call(url: string, method: string, body?: unknown, token?: string): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** A year from now is long enough for a licence that lives as long as the local stack. */
export const createLicense = async (gateway: string, token: string, maxSeats: number) =>
  created.parse(
    await call(
      `${gateway}/api/v1/licenses`,
      'POST',
      {
        tier: 'professional',
        max_seats: maxSeats,
        expires_at: new Date(Date.now() + 365 * 86_400_000).toISOString(),
        features: ['export', 'collaboration'],
      },
      token,
    ),
  );

/**
 * The main job, end to end and through the front door: a seat is acquired, its licence is verified with the public
 * key and nothing else, and the seat is given back. It uses a licence of another tenant than the one for playing.
 */
export async function demonstrate(gateway: string, token: string, say: (line: string) => void): Promise<void> {
  const { license_key } = await createLicense(gateway, token, 1);
  const seat = acquired.parse(
    await call(`${gateway}/api/v1/licenses/acquire`, 'POST', { license_key, hardware_id: 'demonstration' }),
  );
  say(`acquired  session ${seat.session_id.slice(0, 24)}…, ${seat.seats_used} seat in use`);

  const { signature, ...signed } = seat.license_data;
  const pem = await (await fetch(`${gateway}/api/v1/public-keys/${signed['key_version']}.pem`)).text();
  const text = canonicalJson(signed);
  const valid = verify('sha256', Buffer.from(text), createPublicKey(pem), Buffer.from(String(signature), 'base64'));
  if (!valid) throw new Error('the signed licence did not verify');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  say(
    `verified  offline with ${signed['key_version']}: RSA-4096 over SHA-256 ${digest}…, good until ${signed['valid_until']}`,
  );

  await call(`${gateway}/api/v1/licenses/release`, 'POST', { session_id: seat.session_id });
  say('released  the seat is free again');
}
