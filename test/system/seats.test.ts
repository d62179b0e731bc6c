import { describe, expect, test } from 'vitest';
import { tally, useSuite } from './suite.ts';

const suite = useSuite();

const ACQUIRE = '/api/v1/licenses/acquire';
const HEARTBEAT = '/api/v1/licenses/heartbeat';
const RELEASE = '/api/v1/licenses/release';
const LEASE = 360;

const acquire = (license_key: string, hardware_id: string, rest = {}) =>
  suite.post(ACQUIRE, { license_key, hardware_id, ...rest });

const firestoreCalls = () =>
  Object.entries(suite.stack.recorder.calls())
    .filter(([name]) => name.startsWith('firestore.'))
    .map(([name, count]) => [name.slice('firestore.'.length), count]);

async function usage(license_id: string) {
  return (await suite.send('GET', `/api/v1/licenses/${license_id}/usage`, undefined, 'owner')).body;
}

describe('one machine', () => {
  test('acquires, beats and releases', async () => {
    const { license_key, license_id } = await suite.license(2);
    const first = await acquire(license_key, 'machine-1', { user_email: 'jörg@example.org' });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ heartbeat_interval_seconds: 120, seats_used: 1, seats_total: 2 });
    expect(first.body.license_data).toMatchObject({
      license_key,
      license_id,
      session_id: first.body.session_id,
      tenant_id: 'demo',
      tier: 'professional',
      features: ['export', 'collaboration'],
      max_seats: 2,
      hardware_id: 'machine-1',
      user_email: 'jörg@example.org',
      key_version: 'license-signing.1',
      signature_algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
    });
    expect(first.body.license_data.signature).toHaveLength(684);

    const again = await acquire(license_key, 'machine-1');
    expect(again.status).toBe(200);
    expect(again.body.session_id).toBe(first.body.session_id);
    expect(again.body.license_data.user_email).toBeNull();

    const { session_id } = first.body;
    const beat = await suite.post(HEARTBEAT, { session_id });
    expect(beat.status).toBe(200);
    expect(Date.parse(beat.body.expires_at) - Date.parse(beat.body.last_heartbeat)).toBe(LEASE * 1000);
    expect(await usage(license_id)).toMatchObject({ seats_used: 1, seats_total: 2, utilization: 0.5 });

    const released = await suite.post(RELEASE, { session_id });
    expect(released.body).toEqual({ session_id, released_at: expect.any(String), seats_used: 0 });
    const repeated = await suite.post(RELEASE, { session_id });
    expect(repeated).toMatchObject({ status: 200, body: released.body });
    expect(await suite.post(HEARTBEAT, { session_id })).toMatchObject({
      status: 410,
      body: { code: 'session_ended', reason: 'released' },
    });
  });

  test('is told what is wrong with its key or session', async () => {
    const { license_key } = await suite.license(1);
    const other = license_key.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    expect(await acquire(other, 'm')).toMatchObject({ status: 404, body: { code: 'license_not_found' } });
    expect(await acquire('nonsense', 'm')).toMatchObject({ status: 404, body: { code: 'license_not_found' } });
    for (const session_id of ['', 'x'.repeat(10_000), 'nonsense', `lic_000000000000.${'a'.repeat(43)}`]) {
      expect(await suite.post(HEARTBEAT, { session_id })).toMatchObject({
        status: 404,
        body: { code: 'session_not_found' },
      });
      expect(await suite.post(RELEASE, { session_id })).toMatchObject({
        status: 404,
        body: { code: 'session_not_found' },
      });
    }
    const spelled = license_key.toLowerCase().replaceAll('-', ' ');
    expect((await acquire(spelled, 'm')).body.license_data.license_key).toBe(license_key);
  });

  test('acquires with at most five Firestore calls and beats with one', async () => {
    const { license_key } = await suite.license(5);
    suite.stack.recorder.forgetCalls();
    const { body } = await acquire(license_key, 'counted');
    const calls = firestoreCalls();
    expect(calls).toContainEqual(['Commit', 1]);
    expect(calls.reduce((sum, [, count]) => sum + Number(count), 0)).toBeLessThanOrEqual(5);
    expect(suite.stack.recorder.calls()['kms.AsymmetricSign']).toBe(1);
    suite.stack.recorder.forgetCalls();
    await suite.post(HEARTBEAT, { session_id: body.session_id });
    expect(firestoreCalls()).toEqual([['BatchWrite', 1]]);
  });

  test('gets a token for a JWT library when it asks for one', async () => {
    const { license_key } = await suite.license(1);
    const { body } = await acquire(license_key, 'm', { token_format: 'jws' });
    expect(body.license_data).toBeUndefined();
    expect(await suite.post('/api/v1/licenses/verify', { license_token: body.license_token })).toMatchObject({
      body: { valid: true, key_version: 'license-signing.1' },
    });
  });
});

describe('leases', () => {
  test('a seat whose holder died is free again after the lease, and the dead one learns it', async () => {
    const { license_key } = await suite.license(1);
    const dead = await acquire(license_key, 'dead');
    expect(await acquire(license_key, 'next')).toMatchObject({
      status: 402,
      body: { code: 'no_seats_available', seats_used: 1, seats_total: 1 },
    });
    suite.stack.clock.advance(LEASE + 2);
    const next = await acquire(license_key, 'next');
    expect(next).toMatchObject({ status: 201, body: { seats_used: 1 } });
    expect(await suite.post(HEARTBEAT, { session_id: dead.body.session_id })).toMatchObject({
      status: 410,
      body: { reason: 'reclaimed' },
    });
    expect(await suite.post(RELEASE, { session_id: dead.body.session_id })).toMatchObject({
      status: 410,
      body: { reason: 'reclaimed' },
    });
    expect(await suite.post(HEARTBEAT, { session_id: next.body.session_id })).toMatchObject({ status: 200 });
  });

  test('a session past its lease that nobody has taken is renewed', async () => {
    const { license_key } = await suite.license(1);
    const { body } = await acquire(license_key, 'sleeper');
    suite.stack.clock.advance(LEASE + 60);
    expect(await suite.post(HEARTBEAT, { session_id: body.session_id })).toMatchObject({ status: 200 });
    expect(await acquire(license_key, 'other')).toMatchObject({ status: 402 });
    suite.stack.clock.advance(LEASE + 60);
    expect(await acquire(license_key, 'sleeper')).toMatchObject({ status: 200, body: { session_id: body.session_id } });
  });
});

describe('many machines at once', () => {
  test('100 on 100 seats: all get one', async () => {
    const { license_key, license_id } = await suite.license(100);
    const replies = await Promise.all(Array.from({ length: 100 }, (_, i) => acquire(license_key, `m${i}`)));
    expect(tally(replies)).toEqual({ 201: 100 });
    expect(new Set(replies.map(({ body }) => body.session_id)).size).toBe(100);
    expect(await usage(license_id)).toMatchObject({ seats_used: 100, seats_total: 100 });
  });

  test('300 on 100 seats: exactly 100 get one', async () => {
    const { license_key, license_id } = await suite.license(100);
    const replies = await Promise.all(Array.from({ length: 300 }, (_, i) => acquire(license_key, `m${i}`)));
    expect(tally(replies)).toEqual({ 201: 100, 402: 200 });
    const refused = replies.filter(({ status }) => status === 402);
    expect(new Set(refused.map(({ body }) => `${body.seats_used} of ${body.seats_total}`))).toEqual(
      new Set(['100 of 100']),
    );
    expect(await usage(license_id)).toMatchObject({ seats_used: 100 });
  });

  test('50 requests of one machine: one session', async () => {
    const { license_key } = await suite.license(10);
    const replies = await Promise.all(Array.from({ length: 50 }, () => acquire(license_key, 'the one')));
    expect(tally(replies)).toEqual({ 200: 49, 201: 1 });
    expect(new Set(replies.map(({ body }) => body.session_id)).size).toBe(1);
  });
});

describe('when Firestore fails', () => {
  test.each(['BatchGetDocuments', 'RunQuery', 'RunAggregationQuery', 'Commit'])(
    "%s refused for good: 503 in the caller's hands, and the suite goes on",
    async (method) => {
      const { license_key } = await suite.license(1);
      suite.stack.recorder.inject({ service: 'firestore', method, code: 'PERMISSION_DENIED' });
      const reply = await acquire(license_key, 'm');
      expect(reply).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
      suite.stack.recorder.forgetFaults();
      expect(await acquire(license_key, 'm')).toMatchObject({ status: 201 });
    },
  );
});

describe('when Cloud KMS fails', () => {
  const fault = (rest: object) => suite.stack.recorder.inject({ service: 'kms', method: 'AsymmetricSign', ...rest });

  test('once: the caller notices nothing', async () => {
    const { license_key } = await suite.license(1);
    fault({ code: 'UNAVAILABLE', times: 1 });
    expect(await acquire(license_key, 'm')).toMatchObject({ status: 201 });
  });

  test('for good: 503, the seat stays with its holder, and a retry gets both', async () => {
    const { license_key, license_id } = await suite.license(1);
    fault({ code: 'UNAVAILABLE' });
    const refused = await acquire(license_key, 'm');
    expect(refused).toMatchObject({ status: 503, body: { code: 'signing_unavailable' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await usage(license_id)).toMatchObject({ seats_used: 1 });
    suite.stack.recorder.forgetFaults();
    const retry = await acquire(license_key, 'm');
    expect(retry).toMatchObject({ status: 200, body: { seats_used: 1 } });
    expect(await suite.post('/api/v1/licenses/verify', { license_data: retry.body.license_data })).toMatchObject({
      body: { valid: true },
    });
  });

  test('a damaged signature is never passed on', async () => {
    const { license_key } = await suite.license(2);
    fault({ code: 'CORRUPT', times: 1 });
    const { status, body } = await acquire(license_key, 'm');
    expect(status).toBe(201);
    expect((await suite.post('/api/v1/licenses/verify', { license_data: body.license_data })).body.valid).toBe(true);
    fault({ code: 'CORRUPT' });
    expect(await acquire(license_key, 'n')).toMatchObject({ status: 503, body: { code: 'signing_unavailable' } });
  });
});
