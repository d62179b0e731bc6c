import { expect, test } from 'vitest';
import { type Reply, tally, useSuite } from './suite.ts';

/** A seat that is kept, machines a day, grace after the end, and a start with the first seat, over HTTP. */
const suite = useSuite();
const LICENSES = '/api/v1/licenses';
const DAY = 86_400;
const now = () => suite.stack.clock.now();
const advance = (seconds: number) => suite.stack.clock.advance(seconds);
const at = (milliseconds: number) => new Date(milliseconds).toISOString();
const time = (text: string) => Date.parse(text);

interface Licence {
  readonly license_id: string;
  readonly license_key: string;
}

const create = (terms: object): Promise<Reply> =>
  suite.post(
    LICENSES,
    { tenant_id: 'demo', tier: 'starter', max_seats: 2, expires_at: null, offline_seconds: 0, ...terms },
    'staff',
  );
async function licence(terms: object): Promise<Licence> {
  const created = await create(terms);
  expect(created.status).toBe(201);
  return created.body;
}
const read = ({ license_id }: Licence) => suite.send('GET', `${LICENSES}/${license_id}`, undefined, 'owner');
const change = ({ license_id }: Licence, terms: object, token = 'staff') =>
  suite.send('PATCH', `${LICENSES}/${license_id}`, terms, token);
const acquire = ({ license_key }: Licence, hardware_id: string, more: object = {}) =>
  suite.post(`${LICENSES}/acquire`, { license_key, hardware_id, ...more });
const release = ({ body }: Reply) => suite.post(`${LICENSES}/release`, { session_id: body.session_id });
const beat = ({ body }: Reply) => suite.post(`${LICENSES}/heartbeat`, { session_id: body.session_id });

test('hold_seconds: a released seat waits for its machine, and then is free', async () => {
  const made = await licence({ max_seats: 1, hold_seconds: 30 });
  const first = await acquire(made, 'a');
  expect(await release(first)).toMatchObject({ status: 200, body: { seats_used: 1 } });
  expect(await acquire(made, 'b')).toMatchObject({ status: 402, body: { code: 'no_seats_available' } });
  const again = await acquire(made, 'a');
  expect(again.status).toBe(201);
  expect(await beat(first)).toMatchObject({ status: 410, body: { reason: 'released' } });
  await release(again);
  advance(32);
  expect((await acquire(made, 'b')).status).toBe(201);
});

test('hold_seconds: who takes a seat back has it at once, and the customer may switch it off', async () => {
  const made = await licence({ max_seats: 1, hold_seconds: 3_600 });
  await acquire(made, 'a');
  const [session] = (await suite.send('GET', `${LICENSES}/${made.license_id}/sessions`, undefined, 'owner')).body;
  expect((await suite.send('DELETE', `/api/v1/sessions/${session.session}`, undefined, 'owner')).status).toBe(204);
  const second = await acquire(made, 'b');
  expect(second.status).toBe(201);
  expect(await change(made, { hold_seconds: null }, 'owner')).toMatchObject({
    status: 200,
    body: { hold_seconds: null },
  });
  await release(second);
  expect((await acquire(made, 'c')).status).toBe(201);
});

test('machines_per_day: the machine beyond is refused until midnight, those before come and go', async () => {
  const made = await licence({ max_seats: 5, machines_per_day: 2 });
  const first = await acquire(made, 'a');
  await acquire(made, 'b');
  expect(await acquire(made, 'c')).toMatchObject({
    status: 403,
    body: { code: 'machine_limit_reached', machines_per_day: 2 },
  });
  await release(first);
  expect((await acquire(made, 'c')).body.code).toBe('machine_limit_reached');
  expect((await acquire(made, 'a')).status).toBe(201);
  advance(DAY);
  expect((await acquire(made, 'c')).status).toBe(201);
  expect(await change(made, { machines_per_day: 3 }, 'owner')).toMatchObject({
    status: 403,
    body: { code: 'forbidden' },
  });
  expect((await change(made, { machines_per_day: null })).status).toBe(200);
  expect(tally(await Promise.all(['d', 'e', 'f'].map((machine) => acquire(made, machine))))).toEqual({ 201: 3 });
});

test('machines_per_day: exactly as many of a crowd as there are, whoever they are', async () => {
  const made = await licence({ max_seats: 30, machines_per_day: 7 });
  const crowd = Array.from({ length: 40 }, (_, index) => `machine-${index}`);
  const replies = await Promise.all(crowd.map((machine) => acquire(made, machine, { token_format: 'batch' })));
  expect(tally(replies)).toEqual({ 201: 7, 403: 33 });
});

test('machines_per_day: no slot is spent on who gets no seat', async () => {
  const made = await licence({ max_seats: 1, machines_per_day: 2 });
  const first = await acquire(made, 'a');
  expect((await acquire(made, 'b')).status).toBe(402);
  await release(first);
  expect((await acquire(made, 'c')).status).toBe(201);
});

test('grace_seconds: seats are lent after the end, and what is signed says so', async () => {
  const end = now() + 1_000_000;
  const made = await licence({ expires_at: at(end), grace_seconds: 7 * DAY, offline_seconds: 30 * DAY });
  const before = await acquire(made, 'a');
  expect(before.body.license_data).toMatchObject({ valid_until: at(end), expires_at: at(end) });
  expect(before.body.license_data).not.toHaveProperty('in_grace');
  advance(1_001);
  const after = await acquire(made, 'b');
  expect(after.status).toBe(201);
  expect(after.body.license_data).toMatchObject({
    in_grace: true,
    expires_at: at(end),
    valid_until: at(end + 7 * DAY * 1000),
  });
  const { license_data } = after.body;
  expect((await suite.post(`${LICENSES}/verify`, { license_data })).body).toMatchObject({ valid: true, kind: 'seat' });
  const { license_token } = (await acquire(made, 'b', { token_format: 'jws' })).body;
  expect((await suite.post(`${LICENSES}/verify`, { license_token })).body).toMatchObject({ valid: true });
  const refreshed = await suite.post(`${LICENSES}/heartbeat`, {
    session_id: after.body.session_id,
    refresh: { license_key: made.license_key, hardware_id: 'b' },
  });
  expect(refreshed).toMatchObject({ status: 200, body: { license_data: { in_grace: true } } });
  advance(7 * DAY);
  expect(await acquire(made, 'c')).toMatchObject({ status: 403, body: { code: 'license_expired' } });
  expect(await beat(after)).toMatchObject({ status: 410, body: { reason: 'license_expired' } });
  expect((await suite.post(`${LICENSES}/verify`, { license_data })).body).toMatchObject({
    valid: false,
    reason: 'expired',
  });
});

test('starts: the licence lasts from its first seat on, and begins once', async () => {
  const made = await licence({ max_seats: 50, starts: 'first_acquire', duration_seconds: 14 * DAY });
  expect((await read(made)).body).toMatchObject({ started_at: null, expires_at: null, starts: 'first_acquire' });
  advance(100 * DAY);
  const begin = now();
  const machines = Array.from({ length: 40 }, (_, index) => `machine-${index}`);
  const replies = await Promise.all(machines.map((machine) => acquire(made, machine)));
  expect(tally(replies)).toEqual({ 201: 40 });
  const { started_at, expires_at } = (await read(made)).body;
  expect(time(started_at)).toBeGreaterThanOrEqual(begin);
  expect(time(expires_at)).toBe(time(started_at) + 14 * DAY * 1000);
  expect(new Set(replies.map(({ body }) => body.license_data.expires_at))).toEqual(new Set([expires_at]));
  advance(13 * DAY);
  expect((await acquire(made, 'late')).status).toBe(201);
  expect((await read(made)).body).toMatchObject({ started_at, expires_at });
  advance(DAY);
  expect(await acquire(made, 'later')).toMatchObject({ status: 403, body: { code: 'license_expired' } });
});

test('starts: `expires_at` is the last end, a duration is needed, and a refused machine begins nothing', async () => {
  const end = now() + 3 * DAY * 1000;
  const made = await licence({ expires_at: at(end), starts: 'first_acquire', duration_seconds: 14 * DAY });
  const wrong = await suite.post(`${LICENSES}/acquire`, {
    license_key: `${made.license_key.slice(0, -5)}00000`,
    hardware_id: 'a',
  });
  expect(wrong.status).toBe(404);
  expect((await read(made)).body.started_at).toBeNull();
  expect((await acquire(made, 'a')).body.license_data.expires_at).toBe(at(end));
  for (const reply of [await create({ starts: 'first_acquire' }), await change(made, { duration_seconds: null })]) {
    expect(reply).toMatchObject({ status: 400, body: { errors: [{ path: 'duration_seconds' }] } });
  }
});

test('a licence without any of it costs what it did; a queue is one query and one count more', async () => {
  const calls = async (made: Licence, machine: string) => {
    suite.stack.recorder.forgetCalls();
    expect((await acquire(made, machine)).status).toBe(201);
    const counted = suite.stack.recorder.calls();
    return ['BatchGetDocuments', 'RunQuery', 'RunAggregationQuery', 'Commit'].map((rpc) => counted[`firestore.${rpc}`]);
  };
  const plain = await licence({ max_seats: 3 });
  await acquire(plain, 'warm');
  expect(await calls(plain, 'a')).toEqual([1, 2, 1, 1]);
  const queued = await licence({ max_seats: 3, queue: { max_length: 10 } });
  await acquire(queued, 'warm');
  expect(await calls(queued, 'a')).toEqual([1, 3, 2, 1]);
  const limited = await licence({ max_seats: 3, machines_per_day: 10 });
  await acquire(limited, 'warm');
  expect(await calls(limited, 'a')).toEqual([2, 2, 2, 1]);
});
