import { afterAll, beforeAll, expect, test } from 'vitest';
import { userOf } from '#local/people.ts';
import { DEMO_TENANT } from '#local/tokens.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { brokenInvariants, readView } from '../contract/seats/view.ts';
import { signUp } from './people.ts';
import { type Reply, tally, useSuite } from './suite.ts';

const suite = useSuite();
let store: ReturnType<typeof createFirestore>;
beforeAll(() => {
  const { project, firestore } = suite.stack;
  store = createFirestore({ projectId: project.id, database: '(default)', endpoint: firestore });
});
afterAll(() => store.close());

const LICENSES = '/api/v1/licenses';

interface Granted {
  readonly license_id: string;
  readonly license_key: string;
}

async function licenseWith(terms: object): Promise<Granted> {
  const body = { tenant_id: DEMO_TENANT, tier: 'starter', max_seats: 2, expires_at: null, ...terms };
  const created = await suite.post(LICENSES, body, 'staff');
  expect(created).toMatchObject({ status: 201, body: terms });
  return created.body;
}

const change = (id: string, terms: object, token = 'staff') => suite.send('PATCH', `${LICENSES}/${id}`, terms, token);
const acquire = (license_key: string, hardware_id: string, more: object = {}, token?: string) =>
  suite.post(`${LICENSES}/acquire`, { license_key, hardware_id, hostname: `PC ${hardware_id}`, ...more }, token);
const heartbeat = (session_id: string) => suite.post(`${LICENSES}/heartbeat`, { session_id });
const usedSeats = async (id: string): Promise<number> =>
  (await suite.send('GET', `${LICENSES}/${id}/usage`, undefined, 'staff')).body.seats_used;
const sessionsOf = async (id: string) =>
  (await suite.send('GET', `${LICENSES}/${id}/sessions`, undefined, 'staff')).body;

async function keyOf(id: string, user_email: string): Promise<string> {
  const created = await suite.post(`${LICENSES}/${id}/keys`, { label: user_email, user_email, keep: true }, 'admin');
  expect(created).toMatchObject({ status: 201, body: { old_keys_until: null } });
  return created.body.license_key;
}

const problem = (status: number, code: string, more: object = {}) => ({ status, body: { code, ...more } });
const ended = (reason: string) => problem(410, 'session_ended', { reason });

test('I1: each process of a machine takes a seat, and the same process the same one', async () => {
  const { license_id, license_key } = await licenseWith({ lease_per: 'process' });
  const a = await acquire(license_key, 'm', { process_id: 'a' });
  const b = await acquire(license_key, 'm', { process_id: 'b' });
  expect([a.status, b.status]).toEqual([201, 201]);
  expect(await acquire(license_key, 'm', { process_id: 'c' })).toMatchObject(problem(402, 'no_seats_available'));
  const again = await acquire(license_key, 'm', { process_id: 'a' });
  expect(again).toMatchObject({ status: 200, body: { session_id: a.body.session_id, seats_used: 2 } });
  expect((await acquire(license_key, 'n', { process_id: 'a' })).status).toBe(402);
  expect(await usedSeats(license_id)).toBe(2);
});

test('I2: a process id is required where processes take seats, and a label elsewhere', async () => {
  const perProcess = await licenseWith({ lease_per: 'process' });
  const without = await acquire(perProcess.license_key, 'm');
  expect(without).toMatchObject(problem(400, 'invalid_request', { errors: [{ path: 'process_id' }] }));
  const perMachine = await licenseWith({ lease_per: 'machine' });
  const first = await acquire(perMachine.license_key, 'm', { process_id: 'a' });
  expect(first.status).toBe(201);
  const second = await acquire(perMachine.license_key, 'm', { process_id: 'b' });
  expect(second).toMatchObject({ status: 200, body: { session_id: first.body.session_id, seats_used: 1 } });
  const tooLong = await acquire(perMachine.license_key, 'm', { process_id: 'x'.repeat(129) });
  expect(tooLong).toMatchObject(problem(400, 'invalid_request', { errors: [{ path: 'process_id' }] }));
});

test('I3: a user who comes from a second machine brings the seat along', async () => {
  const { license_id } = await licenseWith({ lease_per: 'user' });
  const key = await keyOf(license_id, 'Anna@Example.org');
  const first = await acquire(key, '1', { user_email: 'somebody@else.org' });
  expect(first).toMatchObject({ status: 201, body: { license_data: { user_email: 'anna@example.org' } } });
  const second = await acquire(key, '2');
  expect(second).toMatchObject({ status: 200, body: { seats_used: 1 } });
  expect(second.body.session_id).not.toBe(first.body.session_id);
  expect(await heartbeat(first.body.session_id)).toMatchObject(ended('moved'));
  expect(await heartbeat(second.body.session_id)).toMatchObject({ status: 200 });
  expect(await sessionsOf(license_id)).toMatchObject([{ user_email: 'anna@example.org', hostname: 'PC 2' }]);
  const again = await acquire(key, '2');
  expect(again).toMatchObject({ status: 200, body: { session_id: second.body.session_id } });
});

test('I3: another key of the user and a token of the user mean the same seat, however the address is written', async () => {
  const { license_id, license_key } = await licenseWith({ lease_per: 'user', max_seats: 3 });
  const composed = 'JÜRGEN@example.org';
  const person = { ...userOf(DEMO_TENANT, 'member'), email: composed.normalize('NFD').toLowerCase() };
  const token = await suite.stack.issuer.userToken(person);
  const first = await acquire(await keyOf(license_id, composed), '1');
  const second = await acquire(await keyOf(license_id, 'jürgen@example.org'), '1');
  const third = await acquire(license_key, '1', {}, token);
  expect([first.status, second.status, third.status]).toEqual([201, 200, 200]);
  expect(third.body).toMatchObject({ seats_used: 1, license_data: { user_email: 'jürgen@example.org' } });
  expect(await usedSeats(license_id)).toBe(1);
});

test('I4: where a second machine is refused, the user can take the seat over', async () => {
  const { license_id } = await licenseWith({ lease_per: 'user', on_second: 'refuse' });
  const key = await keyOf(license_id, 'anna@example.org');
  const first = await acquire(key, '1');
  const refused = await acquire(key, '2');
  expect(refused).toMatchObject(problem(409, 'held_elsewhere', { hostname: 'PC 1' }));
  expect(Date.parse(refused.body.last_heartbeat)).toBeGreaterThan(suite.stack.clock.now() - 60_000);
  expect(await heartbeat(first.body.session_id)).toMatchObject({ status: 200 });
  const taken = await acquire(key, '2', { take_over: true });
  expect(taken).toMatchObject({ status: 200, body: { seats_used: 1 } });
  expect(await heartbeat(first.body.session_id)).toMatchObject(ended('moved'));
});

test('I4: a machine that has crashed keeps nobody from the seat', async () => {
  const { license_id } = await licenseWith({ lease_per: 'user', on_second: 'refuse' });
  const key = await keyOf(license_id, 'anna@example.org');
  await acquire(key, '1');
  suite.stack.clock.advance(362);
  expect(await acquire(key, '2')).toMatchObject({ status: 200, body: { seats_used: 1 } });
});

test('I4: with after_copy the seat stays while a copy on the first machine works', async () => {
  const terms = { lease_per: 'user', release: 'after_copy', offline_seconds: 0 };
  const { license_id } = await licenseWith(terms);
  const key = await keyOf(license_id, 'anna@example.org');
  const first = await acquire(key, '1');
  expect(await acquire(key, '2', { take_over: true })).toMatchObject(problem(409, 'held_elsewhere'));
  await suite.post(`${LICENSES}/release`, { session_id: first.body.session_id });
  expect(await acquire(key, '2')).toMatchObject(problem(409, 'held_elsewhere'));
  expect(await acquire(key, '1')).toMatchObject({ status: 201 });
  suite.stack.clock.advance(361);
  expect(await acquire(key, '2')).toMatchObject({ status: 200 });
});

test('I5: who does not prove a user of the tenant is told nothing', async () => {
  const { license_id, license_key } = await licenseWith({ lease_per: 'user' });
  const { issuer } = suite.stack;
  const member = userOf(DEMO_TENANT, 'member');
  const forged = `${(await issuer.userToken(member)).slice(0, -6)}AAAAAA`;
  const stranger = await signUp(suite);
  const unverified = await issuer.userToken({ ...member, emailVerified: false });
  const tokens = [
    undefined,
    forged,
    'other_tenant_owner',
    stranger.token,
    unverified,
    'service',
    'foreign_service',
    'x',
  ];
  const answers: Reply[] = [];
  for (const token of tokens) answers.push(await acquire(license_key, 'm', { user_email: member.email }, token));
  for (const { status, body } of answers) {
    expect({ status, code: body.code, detail: body.detail }).toEqual({
      status: 401,
      code: 'unauthenticated',
      detail: answers[0]?.body.detail,
    });
  }
  expect(await usedSeats(license_id)).toBe(0);
  expect(await acquire(license_key, 'm', {}, 'member')).toMatchObject({
    status: 201,
    body: { license_data: { user_email: member.email } },
  });
});

const users = (id: string, email = '') =>
  `${LICENSES}/${id}/users${email === '' ? '' : `/${encodeURIComponent(email)}`}`;

test('I6: only named users get a seat, and who is removed loses it', async () => {
  const { license_id } = await licenseWith({ lease_per: 'user', named_users: true });
  const anna = await keyOf(license_id, 'anna@example.org');
  const bob = await keyOf(license_id, 'bob@example.org');
  const added = await suite.send('PUT', users(license_id, 'ANNA@example.org'), undefined, 'owner');
  expect(added).toMatchObject({ status: 200, body: { email: 'anna@example.org', last_acquired_at: null } });
  const held = await acquire(anna, '1');
  expect(held.status).toBe(201);
  expect(await acquire(bob, '2')).toMatchObject(problem(403, 'user_not_named'));
  const [listed] = (await suite.send('GET', users(license_id), undefined, 'admin')).body;
  expect(listed).toMatchObject({ email: 'anna@example.org', last_acquired_at: expect.any(String) });
  for (let time = 0; time < 2; time += 1) {
    const removed = await suite.send('DELETE', users(license_id, 'Anna@Example.org'), undefined, 'admin');
    expect(removed.status).toBe(204);
  }
  expect(await heartbeat(held.body.session_id)).toMatchObject(ended('user_removed'));
  expect(await acquire(anna, '1')).toMatchObject(problem(403, 'user_not_named'));
  expect(await suite.send('GET', users(license_id, 'anna@example.org'), undefined, 'admin')).toMatchObject({
    status: 404,
  });
  expect(await usedSeats(license_id)).toBe(0);
  for (const token of ['member', 'guest', 'scheduler']) {
    expect(await suite.send('PUT', users(license_id, 'bob@example.org'), undefined, token)).toMatchObject({
      status: 403,
    });
  }
  expect(await suite.send('PUT', users(license_id, 'no address'), undefined, 'owner')).toMatchObject({ status: 404 });
  await expectIntact(license_id);
});

test('I6: a user who is removed while his machines acquire has no seat afterwards', async () => {
  const { license_id } = await licenseWith({ lease_per: 'user', named_users: true });
  const key = await keyOf(license_id, 'anna@example.org');
  for (let round = 0; round < 10; round += 1) {
    await suite.send('PUT', users(license_id, 'anna@example.org'), undefined, 'owner');
    const machines = ['1', '2', '3'].map((machine) => acquire(key, `${round} ${machine}`));
    const removed = suite.send('DELETE', users(license_id, 'anna@example.org'), undefined, 'owner');
    const [{ status }] = await Promise.all([removed, ...machines]);
    expect(status).toBe(204);
    expect(await sessionsOf(license_id)).toEqual([]);
  }
});

test('I7: forty machines of one user at once, and one live session', async () => {
  for (const on_second of ['move', 'refuse']) {
    const { license_id } = await licenseWith({ lease_per: 'user', on_second, max_seats: 5 });
    const key = await keyOf(license_id, 'anna@example.org');
    const machines = Array.from({ length: 40 }, (_, index) => `${on_second} ${index}`);
    const answers = await Promise.all(machines.map((machine) => acquire(key, machine)));
    expect(answers.filter(({ status }) => ![200, 201, 409].includes(status))).toEqual([]);
    expect(tally(answers)[201]).toBe(1);
    expect(await sessionsOf(license_id)).toHaveLength(1);
    const granted = answers.filter(({ status }) => status !== 409);
    const beats = await Promise.all(granted.map(({ body }) => heartbeat(body.session_id)));
    expect(beats.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(beats.filter(({ status }) => status !== 200).every(({ body }) => body.reason === 'moved')).toBe(true);
    await expectIntact(license_id);
  }
});

const holders = (license_key: string, more: object = {}) => suite.post(`${LICENSES}/holders`, { license_key, ...more });
const freeSeat = (license_key: string, session: string) =>
  suite.post(`${LICENSES}/holders/release`, { license_key, session });

test('I8: key holders see as much of the seats as the licence offers', async () => {
  const { license_id, license_key } = await licenseWith({ max_seats: 2 });
  await acquire(license_key, 'a', { user_email: 'anna@example.org', platform: 'linux' });
  await acquire(license_key, 'b');
  expect(await holders(license_key)).toMatchObject(problem(403, 'self_service_off'));
  const full = await acquire(license_key, 'c');
  expect(full).toMatchObject(problem(402, 'no_seats_available'));
  expect(full.body).not.toHaveProperty('holders');

  await change(license_id, { self_service: { holders: 'count' } }, 'admin');
  expect(await holders(license_key)).toMatchObject({ status: 200, body: { seats_used: 2, seats_total: 2 } });
  expect((await acquire(license_key, 'c')).body).not.toHaveProperty('holders');

  await change(license_id, { self_service: { holders: 'names' } }, 'owner');
  const a = { hostname: 'PC a', platform: 'linux', user_email: 'anna@example.org', you: false };
  const b = { hostname: 'PC b', platform: null, you: true };
  const named = await holders(license_key, { hardware_id: 'b' });
  expect(named.status).toBe(200);
  expect(named.body).toHaveLength(2);
  expect(named.body).toEqual(expect.arrayContaining([expect.objectContaining(a), expect.objectContaining(b)]));
  const refused = await acquire(license_key, 'c');
  const others = [a, b].map((one) => expect.objectContaining({ ...one, you: false }));
  expect(refused).toMatchObject(problem(402, 'no_seats_available', { seats_used: 2, seats_total: 2 }));
  expect(refused.body.holders).toEqual(expect.arrayContaining(others));
  const sessions = (await sessionsOf(license_id)).map((one: { session: string }) => one.session).sort();
  expect(refused.body.holders.map((one: { session: string }) => one.session).sort()).toEqual(sessions);

  await change(license_id, { self_service: null }, 'owner');
  expect(await holders(license_key)).toMatchObject(problem(403, 'self_service_off'));
  const wrong = (await suite.license(1)).license_key.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  expect(await holders(wrong)).toMatchObject(problem(404, 'license_not_found'));
  expect(await holders('no key')).toMatchObject(problem(404, 'license_not_found'));
});

test('I9: who may end any session takes the seat that he names', async () => {
  const { license_id, license_key } = await licenseWith({ self_service: { holders: 'names', release: 'any' } });
  const a = await acquire(license_key, 'a');
  await acquire(license_key, 'b');
  const [{ session }] = (await sessionsOf(license_id)).filter((one: { hostname: string }) => one.hostname === 'PC a');
  const taken = await acquire(license_key, 'c', { replace: session });
  expect(taken).toMatchObject({ status: 201, body: { seats_used: 2 } });
  expect(await heartbeat(a.body.session_id)).toMatchObject(ended('moved'));
  expect(await acquire(license_key, 'c', { replace: session })).toMatchObject({
    status: 200,
    body: { session_id: taken.body.session_id },
  });
  expect(await usedSeats(license_id)).toBe(2);
  await expectIntact(license_id);
});

test('I9: nobody takes the seat of another licence, or where the licence does not offer it', async () => {
  const other = await licenseWith({});
  await acquire(other.license_key, 'x');
  const [{ session: foreign }] = await sessionsOf(other.license_id);
  const { license_id, license_key } = await licenseWith({ self_service: { holders: 'names', release: 'any' } });
  for (const machine of ['a', 'b']) await acquire(license_key, machine);
  const [{ session }] = await sessionsOf(license_id);
  for (const replace of [foreign, 'no handle', 'f'.repeat(64)]) {
    expect(await acquire(license_key, 'c', { replace })).toMatchObject(problem(404, 'session_not_found'));
  }
  for (const release of ['own', 'none']) {
    await change(license_id, { self_service: { holders: 'names', release } });
    expect(await acquire(license_key, 'c', { replace: session })).toMatchObject(problem(403, 'self_service_off'));
  }
  expect(await usedSeats(license_id)).toBe(2);
});

test('I10: twenty machines want the same seat at once, and one gets it', async () => {
  const { license_id, license_key } = await licenseWith({ self_service: { holders: 'names', release: 'any' } });
  for (const machine of ['a', 'b']) await acquire(license_key, machine);
  const [{ session }] = await sessionsOf(license_id);
  const machines = Array.from({ length: 20 }, (_, index) => `wants ${index}`);
  const answers = await Promise.all(machines.map((machine) => acquire(license_key, machine, { replace: session })));
  const counts = tally(answers);
  expect(counts[201]).toBe(1);
  expect((counts[402] ?? 0) + (counts[404] ?? 0)).toBe(19);
  expect(await usedSeats(license_id)).toBe(2);
  await expectIntact(license_id);
});

test('I11: key holders free ten seats of a licence in any hour, each with a record', async () => {
  const { license_id, license_key } = await licenseWith({
    max_seats: 12,
    self_service: { holders: 'names', release: 'any' },
  });
  const { body: key } = await suite.post(`${LICENSES}/${license_id}/keys`, { label: 'Helpdesk', keep: true }, 'owner');
  const seats: Reply[] = [];
  for (let machine = 0; machine < 12; machine += 1) seats.push(await acquire(license_key, `m${machine}`));
  const handles: string[] = (await holders(license_key)).body.map((one: { session: string }) => one.session);
  const first = await freeSeat(key.license_key, handles[0] ?? '');
  expect(first).toMatchObject({ status: 200, body: { session: handles[0], seats_used: 11 } });
  suite.stack.clock.advance(60);
  for (const handle of handles.slice(1, 10)) expect((await freeSeat(key.license_key, handle)).status).toBe(200);
  const refused = await freeSeat(license_key, handles[10] ?? '');
  expect(refused).toMatchObject(problem(429, 'rate_limited'));
  const wait = Number(refused.headers.get('retry-after'));
  expect(wait).toBeGreaterThan(3_480);
  expect(wait).toBeLessThanOrEqual(3_540);
  expect(await freeSeat(key.license_key, handles[0] ?? '')).toMatchObject({ status: 200, body: first.body });
  const beats = await Promise.all(seats.map(({ body }) => heartbeat(body.session_id)));
  expect(beats.filter(({ body }) => body.reason === 'self_released')).toHaveLength(10);
  const records = (await suite.send('GET', `/api/v1/audit?license_id=${license_id}`, undefined, 'owner')).body.filter(
    (one: { action: string }) => one.action === 'session.self_release',
  );
  expect(records).toHaveLength(10);
  expect(records[0]).toMatchObject({ actor: { kind: 'key', id: 'Helpdesk' }, details: { key: key.key } });
  suite.stack.clock.advance(wait);
  const [again] = (await holders(license_key)).body;
  if (again !== undefined) expect((await freeSeat(license_key, again.session)).status).toBe(200);
  await expectIntact(license_id);
});

test('I11: twenty at once free ten', async () => {
  const { license_id, license_key } = await licenseWith({
    max_seats: 20,
    self_service: { holders: 'names', release: 'any' },
  });
  await Promise.all(Array.from({ length: 20 }, (_, machine) => acquire(license_key, `m${machine}`)));
  const handles: string[] = (await holders(license_key)).body.map((one: { session: string }) => one.session);
  const answers: Reply[] = await Promise.all(handles.map((handle) => freeSeat(license_key, handle)));
  expect(answers.filter(({ status }) => ![200, 429, 503].includes(status))).toEqual([]);
  expect(tally(answers)[200]).toBeLessThanOrEqual(10);
  for (const handle of handles) await freeSeat(license_key, handle);
  expect(await usedSeats(license_id)).toBe(10);
  await expectIntact(license_id);
});

test('nobody frees what is not his to free', async () => {
  const terms = { lease_per: 'user', self_service: { holders: 'none', release: 'own' } };
  const { license_id, license_key } = await licenseWith(terms);
  const anna = await keyOf(license_id, 'anna@example.org');
  const bob = await keyOf(license_id, 'bob@example.org');
  await acquire(anna, '1');
  await acquire(bob, '2');
  const listed = await sessionsOf(license_id);
  const ofAnna = listed.find((one: { hostname: string }) => one.hostname === 'PC 1').session;
  expect(await freeSeat(bob, ofAnna)).toMatchObject(problem(403, 'forbidden'));
  expect(await freeSeat(license_key, ofAnna)).toMatchObject(problem(403, 'forbidden'));
  const other = await licenseWith({ self_service: { release: 'any', holders: 'none' } });
  expect(await freeSeat(other.license_key, ofAnna)).toMatchObject(problem(404, 'session_not_found'));
  expect(await freeSeat(anna, 'no handle')).toMatchObject(problem(404, 'session_not_found'));
  expect(await freeSeat(await keyOf(license_id, 'Anna@Example.org'), ofAnna)).toMatchObject({ status: 200 });
  await change(license_id, { self_service: null });
  expect(await freeSeat(bob, ofAnna)).toMatchObject(problem(403, 'self_service_off'));
});

test('a borrowed seat stays, whoever wants it', async () => {
  const { license_id, license_key } = await licenseWith({
    max_seats: 1,
    borrow: { max_seats: 1 },
    self_service: { holders: 'names', release: 'any' },
  });
  const borrowed = await suite.post(`${LICENSES}/borrow`, { license_key, hardware_id: 'a', borrow_seconds: 3_600 });
  expect(borrowed.status).toBe(201);
  const [{ session, borrowed_until }] = (await holders(license_key)).body;
  expect(borrowed_until).toBe(borrowed.body.borrowed_until);
  expect(await freeSeat(license_key, session)).toMatchObject(problem(409, 'session_borrowed'));
  expect(await acquire(license_key, 'b', { replace: session })).toMatchObject(problem(409, 'session_borrowed'));
  expect(await heartbeat(borrowed.body.session_id)).toMatchObject({ status: 200 });
  await expectIntact(license_id);
});

test('a borrowed seat does not move with its user, and keeps the user on the list', async () => {
  const { license_id } = await licenseWith({ lease_per: 'user', named_users: true, borrow: { max_seats: 1 } });
  const key = await keyOf(license_id, 'anna@example.org');
  await suite.send('PUT', users(license_id, 'anna@example.org'), undefined, 'owner');
  const body = { license_key: key, hardware_id: '1', borrow_seconds: 3_600 };
  const borrowed = await suite.post(`${LICENSES}/borrow`, body);
  expect(borrowed.status).toBe(201);
  expect(await acquire(key, '2', { take_over: true })).toMatchObject(problem(409, 'session_borrowed'));
  const removed = await suite.send('DELETE', users(license_id, 'anna@example.org'), undefined, 'owner');
  expect(removed).toMatchObject(problem(409, 'session_borrowed'));
  expect(await heartbeat(borrowed.body.session_id)).toMatchObject({ status: 200 });
});

test('I12: who holds seats of another kind loses them, and nobody has two', async () => {
  const { license_id, license_key } = await licenseWith({ lease_per: 'machine' });
  const held = (await acquire(license_key, 'm')).body.session_id;
  const preview = await suite.send(
    'PATCH',
    `${LICENSES}/${license_id}?dry_run=true`,
    { lease_per: 'process' },
    'staff',
  );
  expect(preview.body).toMatchObject({ would_end_count: 1, seats_total: 2 });
  const changed = await change(license_id, { lease_per: 'process' });
  expect(changed).toMatchObject({ status: 200, body: { lease_per: 'process', status: 'active' } });
  expect(await heartbeat(held)).toMatchObject(ended('license_suspended'));
  expect(await acquire(license_key, 'm')).toMatchObject(problem(400, 'invalid_request'));
  expect(await acquire(license_key, 'm', { process_id: 'a' })).toMatchObject({ status: 201, body: { seats_used: 1 } });
  for (const token of ['owner', 'admin', 'member']) {
    expect(await change(license_id, { lease_per: 'user' }, token)).toMatchObject({ status: 403 });
  }
  await change(license_id, { status: 'suspended' });
  expect(await change(license_id, { lease_per: 'user' })).toMatchObject({
    status: 200,
    body: { lease_per: 'user', status: 'suspended' },
  });
  expect(await acquire(license_key, 'm', {}, 'member')).toMatchObject(problem(403, 'license_suspended'));
  await change(license_id, { status: 'active' });
  expect(await acquire(license_key, 'm', {}, 'member')).toMatchObject({ status: 201 });
  await expectIntact(license_id);
});

async function expectIntact(id: string): Promise<void> {
  const view = await readView(store, id);
  expect(brokenInvariants(view)).toEqual([]);
  expect(view.sessions.size).toBeLessThanOrEqual(view.seats.size);
}
