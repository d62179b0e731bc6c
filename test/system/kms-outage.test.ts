import { afterAll, beforeAll, expect, test } from 'vitest';
import { licenseSigning } from '#functions/license-signing/index.ts';
import { publicKeys } from '#functions/public-keys/index.ts';
import { seats } from '#functions/seats/index.ts';
import { listen, shut } from '#local/listen.ts';
import type { Deployable, RunningFunction } from '#shared/http/function.ts';
import { useSuite } from './suite.ts';

/**
 * Cloud KMS is down for ten hours, and every function that has to do with keys is started anew in the middle of it: fresh
 * instances that have never seen a key or a signature.
 */
const suite = useSuite();
const HOUR = 3_600;
const LICENSES = '/api/v1/licenses';
const NONCE = 'abcdefghijklmnop';

const started: { readonly running: RunningFunction; readonly port: number }[] = [];
const restart = async (name: string, { create }: Pick<Deployable, 'create'>): Promise<string> => {
  const running = create(suite.stack.environment(name), suite.stack.clock, () => undefined);
  const port = await listen(running.server);
  started.push({ running, port });
  return `http://127.0.0.1:${port}`;
};
afterAll(async () => {
  for (const { running } of started) {
    await shut(running.server);
    await running.close();
  }
});

const machine = async (terms: object) => {
  const body = { tenant_id: 'demo', tier: 'starter', max_seats: 1, expires_at: null, ...terms };
  const { license_key } = (await suite.post(LICENSES, body, 'staff')).body;
  const acquired = (await suite.post(`${LICENSES}/acquire`, { license_key, hardware_id: 'm' })).body;
  return { license_key, session_id: acquired.session_id, license_data: acquired.license_data };
};

let grace: Awaited<ReturnType<typeof machine>>;
let strict: Awaited<ReturnType<typeof machine>>;
let urls: { keys: string; seats: string; signing: string };
beforeAll(async () => {
  grace = await machine({});
  strict = await machine({ offline_seconds: 0 });
  suite.stack.recorder.inject({ service: 'kms', method: '*', code: 'UNAVAILABLE' });
  suite.stack.clock.advance(5 * HOUR);
  urls = {
    keys: await restart('public-keys', publicKeys),
    seats: await restart('seats', seats),
    signing: await restart('license-signing', licenseSigning),
  };
  suite.stack.clock.advance(5 * HOUR);
});

const ask = async (url: string, body?: object, token?: string) => {
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${suite.tokens[token]}` }),
  };
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
};
const down = () => suite.stack.recorder.inject({ service: 'kms', method: '*', code: 'UNAVAILABLE' });

test('fresh instances serve the keys in every form', async () => {
  down();
  const list = await ask(`${urls.keys}/.well-known/countersign-keys.json`);
  expect([list.status, list.body.list.keys.length]).toEqual([200, 1]);
  expect((await ask(`${urls.keys}/.well-known/jwks.json`)).body.keys).toHaveLength(1);
  const { key_version } = grace.license_data;
  expect((await ask(`${urls.keys}/api/v1/public-keys/${key_version}.pem`)).body).toMatch(/^-----BEGIN PUBLIC KEY-----/);
});

test('copies with a day of grace verify, strict ones have ended with their lease', async () => {
  down();
  const verify = (license_data: object) => ask(`${urls.keys}${LICENSES}/verify`, { license_data });
  expect((await verify(grace.license_data)).body).toMatchObject({ valid: true, kind: 'seat' });
  expect((await verify(strict.license_data)).body).toEqual({ valid: false, reason: 'expired' });
});

test('seats are kept by heartbeats all the while; a copy that is asked for names the cause', async () => {
  down();
  for (const { license_key, session_id } of [grace, strict]) {
    const refresh = { license_key, hardware_id: 'm', nonce: NONCE };
    const beat = await ask(`${urls.seats}${LICENSES}/heartbeat`, { session_id, refresh });
    expect([beat.status, beat.body.refresh_error]).toEqual([200, 'signing_unavailable']);
    expect(Date.parse(beat.body.expires_at)).toBeGreaterThan(suite.stack.clock.now());
  }
});

test('whoever asks for a licence is told when to come back, and keeps the seat', async () => {
  down();
  const acquired = await ask(`${urls.seats}${LICENSES}/acquire`, { license_key: strict.license_key, hardware_id: 'm' });
  expect([acquired.status, acquired.body.code]).toEqual([503, 'signing_unavailable']);
  expect(Number(acquired.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  const signed = await ask(`${urls.signing}${LICENSES}/sign`, { payload: { a: 1 } }, 'service');
  expect([signed.status, signed.body.code]).toEqual([503, 'signing_unavailable']);
});

test('when KMS is back, the same instances sign at once', async () => {
  const { session_id, license_key } = strict;
  const acquired = await ask(`${urls.seats}${LICENSES}/acquire`, { license_key, hardware_id: 'm' });
  expect(acquired).toMatchObject({ status: 200, body: { session_id } });
  expect((await ask(`${urls.keys}${LICENSES}/verify`, { license_data: acquired.body.license_data })).body.valid).toBe(
    true,
  );
});

test.each(['FAILED_PRECONDITION', 'NOT_FOUND', 'PERMISSION_DENIED'])(
  'one refusal (%s) of the only version costs one request, not a minute of all',
  async (code) => {
    suite.stack.recorder.forgetFaults();
    suite.stack.recorder.inject({ service: 'kms', method: 'AsymmetricSign', code, times: 1 });
    const sign = () => ask(`${urls.signing}${LICENSES}/sign`, { payload: { code } }, 'service');
    const refused = await sign();
    expect([refused.status, refused.body.code]).toEqual([503, 'signing_unavailable']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await sign()).status).toBe(200);
  },
);
