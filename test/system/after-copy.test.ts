import { expect, test } from 'vitest';
import { createStrict, hoard } from './hoard.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
const LICENSES = '/api/v1/licenses';
const now = () => suite.stack.clock.now();

const strict = (release: string) => createStrict(suite, release);
const acquire = (license_key: string, hardware_id: string) =>
  suite.post(`${LICENSES}/acquire`, { license_key, hardware_id });
const release = (session_id: string) => suite.post(`${LICENSES}/release`, { session_id });
const sessionsOf = async (license_id: string) =>
  (await suite.send('GET', `${LICENSES}/${license_id}/sessions`, undefined, 'staff')).body;

test('after_copy: however fast a script takes and gives back, one copy works at a time', async () => {
  const { license_key } = await strict('after_copy');
  const { most, got } = await hoard(suite, license_key, 800);
  expect(most).toBe(1);
  // A lease of 360 s, the second after which it counts as expired, and the script's step.
  expect(got).toBe(3);
});

test('the machine itself has its seat back at once, others see until when it is kept', async () => {
  const { license_id, license_key } = await strict('after_copy');
  const first = (await acquire(license_key, 'a')).body;
  const ended = await release(first.session_id);
  expect(ended).toMatchObject({ status: 200, body: { seats_used: 1 } });
  expect((await release(first.session_id)).body).toEqual(ended.body);
  expect(await sessionsOf(license_id)).toMatchObject([{ lingering: true, expires_at: first.license_data.valid_until }]);
  expect((await acquire(license_key, 'b')).body).toMatchObject({ code: 'no_seats_available', seats_used: 1 });
  const again = await acquire(license_key, 'a');
  expect(again.status).toBe(201);
  expect(again.body.session_id).not.toBe(first.session_id);
  const [session] = await sessionsOf(license_id);
  expect(session).not.toHaveProperty('lingering');
  const beat = await suite.post(`${LICENSES}/heartbeat`, { session_id: first.session_id });
  expect(beat.body).toMatchObject({ code: 'session_ended', reason: 'released' });
});

test('the reaper opens the seat when the copy has ended, a deletion at once', async () => {
  const { license_id, license_key } = await strict('after_copy');
  await release((await acquire(license_key, 'a')).body.session_id);
  suite.stack.clock.advance(362);
  await suite.post('/internal/sessions/reap', {}, 'scheduler');
  expect(await sessionsOf(license_id)).toEqual([]);
  await release((await acquire(license_key, 'b')).body.session_id);
  const [kept] = await sessionsOf(license_id);
  expect((await suite.send('DELETE', `/api/v1/sessions/${kept.session}`, undefined, 'staff')).status).toBe(204);
  expect((await acquire(license_key, 'c')).status).toBe(201);
});

test('a heartbeat with refresh prolongs the copy for which the seat is kept, one without does not', async () => {
  const { license_id, license_key } = await strict('after_copy');
  const { session_id, license_data } = (await acquire(license_key, 'a')).body;
  suite.stack.clock.advance(100);
  await suite.post(`${LICENSES}/heartbeat`, { session_id });
  const refresh = { license_key, hardware_id: 'a', nonce: 'abcdefghijklmnop' };
  suite.stack.clock.advance(100);
  const { body } = await suite.post(`${LICENSES}/heartbeat`, { session_id, refresh });
  expect(Date.parse(body.license_data.valid_until)).toBeGreaterThan(Date.parse(license_data.valid_until) + 190_000);
  suite.stack.clock.advance(100);
  await suite.post(`${LICENSES}/heartbeat`, { session_id });
  await release(session_id);
  expect(await sessionsOf(license_id)).toMatchObject([{ lingering: true, expires_at: body.license_data.valid_until }]);
});

test('a copy from before leases became shorter is covered, also when its machine has come back since', async () => {
  const { license_id, license_key } = await strict('after_copy');
  const first = (await acquire(license_key, 'a')).body;
  await release(first.session_id);
  expect((await suite.send('PATCH', `${LICENSES}/${license_id}`, { lease_seconds: 60 }, 'staff')).status).toBe(200);
  expect((await acquire(license_key, 'a')).status).toBe(201);
  suite.stack.clock.advance(120);
  expect((await acquire(license_key, 'b')).body.code, 'its new lease is over, its first copy works').toBe(
    'no_seats_available',
  );
  suite.stack.clock.advance((Date.parse(first.license_data.valid_until) - now()) / 1000 + 2);
  expect((await acquire(license_key, 'b')).status).toBe(201);
});
