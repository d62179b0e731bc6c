import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { type Reply, run, tally, useSuite } from './suite.ts';

/** Borrowed seats over HTTP, with the clock and with faults; each case has its number in docs/seats.md's description. */
const suite = useSuite();
const LICENSES = '/api/v1/licenses';
const DAY = 86_400;
const now = () => suite.stack.clock.now();
const wait = (seconds: number) => suite.stack.clock.advance(seconds);

interface Licence {
  readonly license_id: string;
  readonly license_key: string;
}

async function licence(max_seats: number, borrow: object | null, terms: object = {}): Promise<Licence> {
  const body = { tenant_id: 'demo', tier: 'starter', max_seats, expires_at: null, borrow, ...terms };
  const created = await suite.post(LICENSES, body, 'staff');
  expect(created).toMatchObject({ status: 201 });
  return created.body;
}

const borrow = ({ license_key }: Licence, hardware_id: string, borrow_seconds?: number, more: object = {}) =>
  suite.post(`${LICENSES}/borrow`, {
    license_key,
    hardware_id,
    ...(borrow_seconds === undefined ? {} : { borrow_seconds }),
    ...more,
  });
const acquire = ({ license_key }: Licence, hardware_id: string, more: object = {}) =>
  suite.post(`${LICENSES}/acquire`, { license_key, hardware_id, ...more });
const heartbeat = (session_id: string, more: object = {}) =>
  suite.post(`${LICENSES}/heartbeat`, { session_id, ...more });
const release = (session_id: string) => suite.post(`${LICENSES}/release`, { session_id });
const reap = async () => (await suite.post('/internal/sessions/reap', {}, 'scheduler')).body;
const change = ({ license_id }: Licence, body: object) =>
  suite.send('PATCH', `${LICENSES}/${license_id}`, body, 'staff');
const usage = async ({ license_id }: Licence) =>
  (await suite.send('GET', `${LICENSES}/${license_id}/usage`, undefined, 'staff')).body;
const sessions = async ({ license_id }: Licence) =>
  (await suite.send('GET', `${LICENSES}/${license_id}/sessions`, undefined, 'staff')).body;
const end = (session: string, who: string, query = '') =>
  suite.send('DELETE', `/api/v1/sessions/${session}${query}`, undefined, who);
const secondsLeft = ({ body }: Reply) => Math.round((Date.parse(body.borrowed_until) - now()) / 1000);
const ended = (reason: string) => ({ status: 410, body: { code: 'session_ended', reason } });

test('B1: a licence without `borrow` lends nothing for longer, and everything else as ever', async () => {
  const one = await licence(1, null);
  expect(await borrow(one, 'a', DAY)).toMatchObject({ status: 403, body: { code: 'borrow_not_allowed' } });
  expect(await acquire(one, 'a')).toMatchObject({ status: 201, body: { license_data: { mode: 'online' } } });
  expect((await acquire(one, 'a')).body).not.toHaveProperty('borrowed_until');
  expect((await usage(one)).recalls).toBeNull();
});

test('B2: what is borrowed is signed: openssl verifies it, and it is valid as long as it is borrowed', async () => {
  const one = await licence(3, { max_seats: 2 });
  const borrowed = await borrow(one, 'a', DAY);
  expect(borrowed).toMatchObject({ status: 201, body: { seats_borrowed: 1, borrow_max_seats: 2, seats_used: 1 } });
  const { license_data, borrowed_until, expires_at } = borrowed.body;
  expect(Math.abs(secondsLeft(borrowed) - DAY)).toBeLessThanOrEqual(2);
  expect(license_data).toMatchObject({ kind: 'seat', mode: 'borrowed', borrowed_until, valid_until: borrowed_until });
  expect(expires_at).toBe(borrowed_until);
  await verifyByOpenssl(license_data);
  expect(await usage(one)).toMatchObject({ seats_used: 1, seats_borrowed: 1, copies_outstanding: 0 });
  expect(await sessions(one)).toMatchObject([{ borrowed_until }]);
});

test('B3: no more than the cap, and whoever is refused may still acquire', async () => {
  const one = await licence(3, { max_seats: 2 });
  expect((await borrow(one, 'a', DAY)).status).toBe(201);
  expect(await borrow(one, 'b', DAY)).toMatchObject({ status: 201, body: { seats_borrowed: 2 } });
  expect(await borrow(one, 'c', DAY)).toMatchObject({
    status: 402,
    body: { code: 'no_borrow_available', seats_borrowed: 2, borrow_max_seats: 2 },
  });
  expect((await acquire(one, 'c')).status).toBe(201);
});

test('B4, B5: without heartbeats the seat is its machine’s to the end of the borrowed time, and free after it', async () => {
  const one = await licence(3, { max_seats: 3 });
  const first = await borrow(one, 'a', DAY);
  for (const machine of ['b', 'c']) await borrow(one, machine, DAY);
  wait(23 * 3_600);
  await reap();
  expect(await usage(one)).toMatchObject({ seats_used: 3, seats_borrowed: 3 });
  expect(await acquire(one, 'd')).toMatchObject({ status: 402, body: { code: 'no_seats_available' } });
  wait(secondsLeft(first) + 2);
  expect((await acquire(one, 'd')).status).toBe(201);
  expect(await heartbeat(first.body.session_id)).toMatchObject(ended('reclaimed'));
  expect(await usage(one)).toMatchObject({ seats_borrowed: 0 });
  await reap();
  expect(await usage(one)).toMatchObject({ seats_used: 1, seats_borrowed: 0, copies_outstanding: 0 });
  expect((await borrow(one, 'e', DAY)).body.seats_borrowed).toBe(1);
});

test('B6: asking again never makes it shorter; longer keeps the session', async () => {
  const one = await licence(2, { max_seats: 1, max_seconds: 2 * DAY });
  const first = (await borrow(one, 'a', DAY)).body;
  wait(60);
  expect(await borrow(one, 'a', 3_600)).toMatchObject({
    status: 200,
    body: { session_id: first.session_id, borrowed_until: first.borrowed_until },
  });
  const longer = await borrow(one, 'a', 2 * DAY);
  expect(longer).toMatchObject({ status: 200, body: { session_id: first.session_id, seats_borrowed: 1 } });
  expect(Math.abs(secondsLeft(longer) - 2 * DAY)).toBeLessThanOrEqual(2);
  expect(longer.body.license_data.valid_until).toBe(longer.body.borrowed_until);
  expect(await borrow(one, 'a', 2 * DAY + 1)).toMatchObject({
    status: 403,
    body: { code: 'borrow_too_long', max_seconds: 2 * DAY },
  });
  const again = await acquire(one, 'a');
  expect(again).toMatchObject({
    status: 200,
    body: { session_id: first.session_id, borrowed_until: longer.body.borrowed_until },
  });
  expect(again.body.license_data).toMatchObject({ mode: 'borrowed', valid_until: longer.body.borrowed_until });
  expect(await heartbeat(first.session_id)).toMatchObject({ body: { expires_at: longer.body.borrowed_until } });
  const unsaid = await licence(1, { max_seats: 1, max_seconds: 3 * DAY });
  expect(Math.abs(secondsLeft(await borrow(unsaid, 'a')) - 3 * DAY)).toBeLessThanOrEqual(2);
  expect(await borrow(unsaid, 'a', 3_599)).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'borrow_seconds' }] },
  });
});

test('B7: a machine that has a seat borrows that seat, under a new id', async () => {
  const one = await licence(2, { max_seats: 1 });
  const online = (await acquire(one, 'a')).body;
  const borrowed = await borrow(one, 'a', DAY);
  expect(borrowed).toMatchObject({ status: 200, body: { seats_used: 1, seats_borrowed: 1 } });
  expect(borrowed.body.session_id).not.toBe(online.session_id);
  expect(await heartbeat(online.session_id)).toMatchObject(ended('borrowed'));
  expect(await usage(one)).toMatchObject({ seats_used: 1, seats_borrowed: 1 });
});

test('B8: sixty machines at once borrow exactly the cap', async () => {
  const one = await licence(10, { max_seats: 5 });
  const machines = Array.from({ length: 60 }, (_, index) => `m${index}`);
  const answers = await Promise.all(machines.map((machine) => borrow(one, machine, DAY)));
  expect(tally(answers)).toEqual({ 201: 5, 402: 55 });
  expect(await usage(one)).toMatchObject({ seats_used: 5, seats_borrowed: 5 });
  const refused = machines.filter((_, index) => answers[index]?.status === 402).slice(0, 5);
  expect(tally(await Promise.all(refused.map((machine) => acquire(one, machine))))).toEqual({ 201: 5 });
});

test('B9: given back early where the licence allows it', async () => {
  const free = await licence(1, { max_seats: 1, early_return: true });
  const first = (await borrow(free, 'a', DAY)).body;
  const returned = await release(first.session_id);
  expect(returned).toMatchObject({ status: 200, body: { seats_used: 0 } });
  expect((await release(first.session_id)).body).toEqual(returned.body);
  expect((await borrow(free, 'b', DAY)).status).toBe(201);
  const fixed = await licence(1, { max_seats: 1 });
  const second = (await borrow(fixed, 'a', DAY)).body;
  expect(await release(second.session_id)).toMatchObject({
    status: 409,
    body: { code: 'early_return_not_allowed', borrowed_until: second.borrowed_until },
  });
  wait(DAY + 1);
  expect(await release(second.session_id)).toMatchObject({ status: 200, body: { seats_used: 0 } });
  expect(await usage(fixed)).toMatchObject({ seats_used: 0, seats_borrowed: 0 });
});

test('B10: recalled: as often as the licence says by the tenant’s people, and always by the vendor', async () => {
  const one = await licence(3, { max_seats: 3, max_recalls: 1 });
  const [a, b, c] = await Promise.all(['a', 'b', 'c'].map(async (machine) => (await borrow(one, machine, DAY)).body));
  const handles = new Map<string, string>(
    (await sessions(one)).map((session: { machine: string; session: string }) => [session.machine, session.session]),
  );
  expect(handles.size).toBe(3);
  const [first = '', second = ''] = handles.values();
  expect(await end(first, 'admin')).toMatchObject({ status: 409, body: { code: 'session_borrowed' } });
  expect([a, b, c].map(({ borrowed_until }) => borrowed_until)).toContain(
    (await end(first, 'admin')).body.borrowed_until,
  );
  expect((await end(first, 'admin', '?recall=true')).status).toBe(204);
  expect((await end(first, 'admin', '?recall=true')).status).toBe(204);
  expect((await acquire(one, 'd')).status).toBe(201);
  const beats = await Promise.all([a, b, c].map(({ session_id }) => heartbeat(session_id)));
  expect(tally(beats)).toEqual({ 200: 2, 410: 1 });
  expect(beats.find(({ status }) => status === 410)?.body.reason).toBe('recalled');
  expect(await end(second, 'admin', '?recall=true')).toMatchObject({
    status: 409,
    body: { code: 'recall_limit_reached', max_recalls: 1 },
  });
  expect((await end(second, 'staff', '?recall=true')).status).toBe(204);
  const { recalls: left } = await usage(one);
  expect(left).toMatchObject({ max: 1, left: 0 });
  expect(Math.round((Date.parse(left.next_at) - now()) / 1000 / DAY)).toBe(365);
  const { body: audit } = await suite.send('GET', `/api/v1/audit?license_id=${one.license_id}`, undefined, 'staff');
  const recalls = audit.filter(({ action }: { action: string }) => action === 'session.recalled');
  expect(recalls.map(({ session }: { session: string }) => session)).toEqual([second, first]);
  wait(366 * DAY);
  expect((await usage(one)).recalls).toEqual({ max: 1, left: 1, next_at: null });
  await borrow(one, 'f', 3 * DAY);
  const isOut = ({ borrowed_until }: { borrowed_until?: string }) => Date.parse(borrowed_until ?? '') > now();
  const [{ session: late }] = (await sessions(one)).filter(isOut);
  expect((await end(late, 'admin', '?recall=true')).status).toBe(204);
});

test('B11: suspended while a copy is out: its seat is not lent again before the copy ends', async () => {
  const one = await licence(2, { max_seats: 1 });
  const out = await borrow(one, 'a', DAY);
  expect((await change(one, { status: 'suspended' })).body.status).toBe('suspended');
  expect(await heartbeat(out.body.session_id)).toMatchObject(ended('license_suspended'));
  expect(await usage(one)).toMatchObject({ seats_used: 0, seats_borrowed: 0, copies_outstanding: 1 });
  expect(await change(one, { status: 'active' })).toMatchObject({ status: 200, body: { settling: true } });
  expect((await acquire(one, 'b')).status).toBe(201);
  expect((await acquire(one, 'c')).status).toBe(402);
  wait(secondsLeft(out) + 2);
  await reap();
  expect((await acquire(one, 'c')).status).toBe(201);
  expect(await usage(one)).toMatchObject({ copies_outstanding: 0 });
  expect((await suite.send('GET', `${LICENSES}/${one.license_id}`, undefined, 'staff')).body).not.toHaveProperty(
    'settling',
  );
});

test('B11 once more: the machine whose copy is out has its seat back at once', async () => {
  const one = await licence(2, { max_seats: 2 });
  const out = (await borrow(one, 'a', DAY)).body;
  const other = (await borrow(one, 'b', DAY)).body;
  await change(one, { status: 'suspended' });
  await change(one, { status: 'active' });
  const back = await Promise.all([acquire(one, 'a'), borrow(one, 'b', 2 * DAY), acquire(one, 'c')]);
  expect(back.map(({ status }) => status)).toEqual([201, 201, 402]);
  expect(back[0]?.body).toMatchObject({ borrowed_until: out.borrowed_until, license_data: { mode: 'borrowed' } });
  expect(Date.parse(back[1]?.body.borrowed_until)).toBeGreaterThan(Date.parse(other.borrowed_until));
  expect(await usage(one)).toMatchObject({ seats_used: 2, seats_borrowed: 2, copies_outstanding: 0 });
});

test('B12: a smaller licence ends online sessions and waits for the borrowed ones', async () => {
  const one = await licence(3, { max_seats: 2 });
  const out = await Promise.all([borrow(one, 'a', DAY), borrow(one, 'b', DAY)]);
  const online = (await acquire(one, 'c')).body;
  const preview = await suite.send('PATCH', `${LICENSES}/${one.license_id}?dry_run=true`, { max_seats: 1 }, 'staff');
  expect(preview.body).toMatchObject({ would_end_count: 1, seats_used: 3, seats_total: 1 });
  expect(preview.body.would_end).toHaveLength(1);
  expect(await change(one, { max_seats: 1 })).toMatchObject({ status: 200, body: { max_seats: 1, settling: true } });
  expect(await heartbeat(online.session_id)).toMatchObject(ended('seats_reduced'));
  for (const { body } of out) expect((await heartbeat(body.session_id)).status).toBe(200);
  expect((await acquire(one, 'd')).status).toBe(402);
  wait(DAY + 2);
  await reap();
  const after = await Promise.all(['d', 'e', 'f'].map((machine) => acquire(one, machine)));
  expect(tally(after)).toEqual({ 201: 1, 402: 2 });
});

test('B12 once more: one that comes back early makes the licence smaller at once', async () => {
  const one = await licence(3, { max_seats: 3, early_return: true });
  const out = await Promise.all(['a', 'b', 'c'].map((machine) => borrow(one, machine, DAY)));
  await change(one, { max_seats: 2 });
  await release(out[0]?.body.session_id);
  expect(await usage(one)).toMatchObject({ seats_used: 2, seats_total: 2, seats_borrowed: 2 });
  expect((await acquire(one, 'd')).status).toBe(402);
  await release(out[1]?.body.session_id);
  expect((await acquire(one, 'd')).status).toBe(201);
});

test('B13: while KMS is down the seat is taken, and the next request gets its copy', async () => {
  const one = await licence(2, { max_seats: 2 });
  suite.stack.recorder.inject({ service: 'kms', method: '*', code: 'UNAVAILABLE' });
  expect(await borrow(one, 'a', DAY)).toMatchObject({ status: 503, body: { code: 'signing_unavailable' } });
  const [{ borrowed_until }] = await sessions(one);
  suite.stack.recorder.forgetFaults();
  expect(await borrow(one, 'a', 3_600)).toMatchObject({ status: 200, body: { borrowed_until, seats_borrowed: 1 } });
  expect(await usage(one)).toMatchObject({ seats_used: 1, seats_borrowed: 1 });
});

test('B14: an answer that was lost costs neither a seat nor a slot', async () => {
  const one = await licence(3, { max_seats: 3 });
  for (const code of ['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const) {
    const { seats_borrowed: before } = await usage(one);
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code, times: 1, lost: true });
    const borrowed = await borrow(one, code, DAY);
    expect(borrowed).toMatchObject({ status: 201, body: { seats_borrowed: before + 1 } });
    expect(await usage(one)).toMatchObject({ seats_used: before + 1, seats_borrowed: before + 1 });
    const beat = await heartbeat(borrowed.body.session_id);
    expect([beat.status, borrowed.body.license_data.session_id]).toEqual([200, borrowed.body.session_id]);
  }
});

test('B15: without offline time no released copy works a lease later', async () => {
  const one = await licence(1, { max_seats: 1 }, { offline_seconds: 0 });
  const ends: number[] = [];
  for (let round = 0; round < 150; round += 1) {
    const { body } = await acquire(one, `m${round}`);
    ends.push(Date.parse(body.license_data.valid_until));
    await release(body.session_id);
  }
  const last = (await acquire(one, 'last')).body;
  expect(Date.parse(last.license_data.valid_until)).toBeGreaterThan(now());
  wait(361);
  expect(ends.filter((until) => until > now())).toEqual([]);
});

describe('what may happen to a borrowed seat', () => {
  test('its licence ends before the time that was asked for', async () => {
    const expires_at = new Date(now() + 7_200_000).toISOString();
    const one = await licence(1, { max_seats: 1 }, { expires_at });
    const borrowed = (await borrow(one, 'a', DAY)).body;
    expect(borrowed).toMatchObject({ borrowed_until: expires_at, license_data: { valid_until: expires_at } });
    expect(borrowed.expires_at).toBe(expires_at);
  });

  test('its licence key is changed: the session moves, the borrowed time stays, in one slot', async () => {
    const one = await licence(2, { max_seats: 1 });
    const first = (await borrow(one, 'a', DAY)).body;
    const { body } = await suite.post(`${LICENSES}/${one.license_id}/keys`, { label: 'new', keep: true }, 'staff');
    const rekeyed = { ...one, license_key: body.license_key };
    const moved = await acquire(rekeyed, 'a');
    expect(moved).toMatchObject({ status: 200, body: { borrowed_until: first.borrowed_until, seats_used: 1 } });
    expect(moved.body.session_id).not.toBe(first.session_id);
    expect(await heartbeat(first.session_id)).toMatchObject(ended('reclaimed'));
    expect(await usage(one)).toMatchObject({ seats_used: 1, seats_borrowed: 1, copies_outstanding: 0 });
    expect((await borrow(rekeyed, 'b', DAY)).status).toBe(402);
  });

  test('a licence key ends with its sessions: the copy keeps its seat away until it ends', async () => {
    const one = await licence(2, { max_seats: 2 });
    const { body: second } = await suite.post(`${LICENSES}/${one.license_id}/keys`, { keep: true }, 'staff');
    const out = await borrow(one, 'a', DAY);
    const keys = await suite.send('GET', `${LICENSES}/${one.license_id}/keys`, undefined, 'staff');
    const { key } = keys.body.find(({ key: id }: { key: string }) => id !== second.key);
    const ending = await suite.send(
      'DELETE',
      `${LICENSES}/${one.license_id}/keys/${key}?end_sessions=true`,
      undefined,
      'staff',
    );
    expect([200, 204]).toContain(ending.status);
    await reap();
    expect(await heartbeat(out.body.session_id)).toMatchObject(ended('key_ended'));
    expect(await usage(one)).toMatchObject({ seats_used: 0, copies_outstanding: 1 });
    const rekeyed = { ...one, license_key: second.license_key };
    expect((await acquire(rekeyed, 'b')).status).toBe(201);
    expect((await acquire(rekeyed, 'c')).status).toBe(402);
    expect(await acquire(rekeyed, 'a')).toMatchObject({
      status: 201,
      body: { borrowed_until: out.body.borrowed_until },
    });
  });

  test('the cap is lowered: no borrow ends, and none begins while a slot beyond the cap is out', async () => {
    const one = await licence(5, { max_seats: 5, early_return: true });
    const out = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((machine) => borrow(one, machine, DAY)));
    await change(one, { borrow: { max_seats: 2, early_return: true } });
    expect(await borrow(one, 'a', DAY)).toMatchObject({ status: 200 });
    for (const { body } of out.slice(0, 3)) await release(body.session_id);
    const { status, body } = await borrow(one, 'f', DAY);
    const left = await usage(one);
    expect(left.seats_borrowed + (status === 201 ? 0 : 1)).toBeLessThanOrEqual(3);
    if (status !== 201) expect(body.code).toBe('no_borrow_available');
    for (const { body: copy } of out.slice(3)) await release(copy.session_id);
    const again = await Promise.all(['g', 'h', 'i'].map((machine) => borrow(one, machine, DAY)));
    expect((await usage(one)).seats_borrowed).toBe(2);
    expect(again.every((answer) => [201, 402].includes(answer.status))).toBe(true);
  });

  test('its machine goes on online after the end: acquire gives an online licence and frees the slot', async () => {
    const one = await licence(1, { max_seats: 1 });
    const first = (await borrow(one, 'a', 3_600)).body;
    wait(3_500);
    expect((await heartbeat(first.session_id)).status).toBe(200);
    wait(101);
    const online = await acquire(one, 'a');
    expect(online).toMatchObject({ status: 200, body: { license_data: { mode: 'online' } } });
    expect(online.body).not.toHaveProperty('borrowed_until');
    expect(await usage(one)).toMatchObject({ seats_used: 1, seats_borrowed: 0 });
    expect(await borrow(one, 'a', 3_600)).toMatchObject({ status: 200, body: { seats_borrowed: 1 } });
  });

  test('a heartbeat asks for its licence again: it is the borrowed one', async () => {
    const one = await licence(1, { max_seats: 1 });
    const { session_id, borrowed_until } = (await borrow(one, 'a', DAY)).body;
    const refresh = { license_key: one.license_key, hardware_id: 'a', nonce: 'abcdefghijklmnop' };
    const { body } = await heartbeat(session_id, { refresh });
    expect(body.license_data).toMatchObject({ mode: 'borrowed', borrowed_until, valid_until: borrowed_until });
    expect(body.license_data.nonce).toBe(refresh.nonce);
  });

  test('two requests of its machine at once are one seat and one slot', async () => {
    const one = await licence(3, { max_seats: 3 });
    const answers = await Promise.all([borrow(one, 'a', DAY), acquire(one, 'a'), borrow(one, 'a', 2 * DAY)]);
    expect(answers.every(({ status }) => status === 200 || status === 201)).toBe(true);
    expect(await usage(one)).toMatchObject({ seats_used: 1, seats_borrowed: 1 });
    const last = Math.max(...answers.map(({ body }) => Date.parse(body.borrowed_until ?? 0)));
    expect(await sessions(one)).toMatchObject([{ borrowed_until: new Date(last).toISOString() }]);
  });

  test('after_copy: at its end it stays for the machine no longer than its copies', async () => {
    const one = await licence(1, { max_seats: 1 }, { release: 'after_copy', offline_seconds: 0 });
    const { session_id } = (await borrow(one, 'a', 3_600)).body;
    expect((await release(session_id)).status).toBe(409);
    wait(3_601);
    expect(await release(session_id)).toMatchObject({ status: 200, body: { seats_used: 0 } });
    expect((await borrow(one, 'b', 3_600)).status).toBe(201);
  });
});

async function verifyByOpenssl(license: Record<string, unknown>): Promise<void> {
  const { signature, ...claims } = license;
  const { body: keys } = await suite.send('GET', '/api/v1/public-keys');
  const { pem } = keys.keys.find(({ key_version }: { key_version: string }) => key_version === license['key_version']);
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  try {
    await writeFile(join(folder, 'key.pem'), pem);
    await writeFile(join(folder, 'signature'), Buffer.from(String(signature), 'base64'));
    await writeFile(join(folder, 'claims'), canonicalJson(claims as never));
    const check = ['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'signature', 'claims'];
    expect((await run('openssl', check, { cwd: folder })).stdout.trim()).toBe('Verified OK');
  } finally {
    await rm(folder, { recursive: true });
  }
}
