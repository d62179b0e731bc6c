import { createHash, randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { requestCode } from '#shared/license-format/request-code.ts';
import { holdSeat, memoryStorage, rootKey, verifyLicense } from '../../client/src/node.ts';
import { type Reply, run, scratch, tally, useSuite } from './suite.ts';

/** Seats that an administrator borrows for machines that are never online, over HTTP. */
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

interface Asked {
  readonly who?: string;
  readonly headers?: Record<string, string>;
  readonly more?: object;
}

const borrowFor = (
  { license_id }: Licence,
  hardware_id: string,
  seconds: number,
  { who = 'admin', headers = {}, more }: Asked = {},
) => {
  const body = { hardware_id, borrow_seconds: seconds, token_format: 'file', ...more };
  return suite.send('POST', `${LICENSES}/${license_id}/borrows`, body, who, headers);
};
const post = (act: string, body: object) => suite.post(`${LICENSES}/${act}`, body);
const read = async (path: string) => (await suite.send('GET', path, undefined, 'staff')).body;
const usage = ({ license_id }: Licence) => read(`${LICENSES}/${license_id}/usage`);
const sessions = ({ license_id }: Licence) => read(`${LICENSES}/${license_id}/sessions`);
const end = (session: string, who = 'admin', query = '?recall=true') =>
  suite.send('DELETE', `/api/v1/sessions/${session}${query}`, undefined, who);
const secondsLeft = ({ body }: Reply) => Math.round((Date.parse(body.borrowed_until) - now()) / 1000);

/** What is inside a file. */
const contentOf = ({ body }: Reply) =>
  JSON.parse(Buffer.from(String(body.license_file).replaceAll(/-----[^-]+-----|\s/g, ''), 'base64').toString());

test('the client holds the seat by the file alone, on that machine and no other, to the end', async () => {
  const one = await licence(1, { max_seats: 1 });
  const hardwareId = createHash('sha256').update('an offline machine').digest('hex');
  const borrowed = await borrowFor(one, hardwareId, DAY);
  const { license_file } = borrowed.body;
  const keys = rootKey(suite.stack.rootKey);
  // First of all: the client goes by this machine's clock, and later tests move the suite's.
  const offline = {
    storage: memoryStorage(),
    licenseFile: license_file,
    product: 'default',
    keys,
    fetch: () => Promise.reject(new Error('offline')),
  };
  const seat = await holdSeat({ ...offline, hardwareId });
  expect(seat).toMatchObject({ state: 'borrowed', borrowedUntil: Date.parse(borrowed.body.borrowed_until) });
  await seat.release();
  await expect(holdSeat({ ...offline, hardwareId: 'another' })).rejects.toMatchObject({ reason: 'wrong_hardware' });
  const judge = (after: number) => verifyLicense(license_file, keys, { hardwareId, now: now() + after * 1000 });
  expect(await judge(DAY - 60)).toMatchObject({ valid: true, claims: { mode: 'borrowed' } });
  expect(await judge(DAY + 2)).toMatchObject({ valid: false, reason: 'stale' });
});

test('a file for a machine: openssl verifies it from the root down, and it holds the seat to its end', async () => {
  const one = await licence(2, { max_seats: 1 });
  const label = 'laboratory, second floor';
  const borrowed = await borrowFor(one, 'a', DAY, { more: { label } });
  expect(borrowed).toMatchObject({
    status: 201,
    body: { seats_used: 1, seats_total: 2, seats_borrowed: 1, borrow_max_seats: 1 },
  });
  expect(Math.abs(secondsLeft(borrowed) - DAY)).toBeLessThanOrEqual(2);
  const { borrowed_until, session } = borrowed.body;
  const { license, root, list } = contentOf(borrowed);
  expect(license).toMatchObject({ kind: 'seat', mode: 'borrowed', hardware_id: 'a', session, borrowed_until });
  expect(license.valid_until).toBe(borrowed_until);
  // Nobody has them: no key was brought, and the session's id is told to nobody.
  expect(license).not.toHaveProperty('license_key');
  expect(license).not.toHaveProperty('session_id');
  const signingKey = list.keys.find(({ key_version }: { key_version: string }) => key_version === license.key_version);
  await verifyByOpenssl(root, suite.stack.rootKey);
  await verifyByOpenssl(list, root.pem);
  await verifyByOpenssl(license, signingKey.pem);

  expect(await sessions(one)).toMatchObject([{ session, hostname: label, borrowed_until, user_email: null }]);
  expect(await usage(one)).toMatchObject({ seats_used: 1, seats_borrowed: 1, copies_outstanding: 0 });
  const audit = await read(`/api/v1/audit?license_id=${one.license_id}`);
  expect(audit[0]).toMatchObject({
    action: 'session.borrow',
    session,
    actor: { kind: 'user' },
    details: { label, borrowed_until, created: true },
  });

  wait(DAY - 60);
  await suite.post('/internal/sessions/reap', {}, 'scheduler');
  expect(await usage(one)).toMatchObject({ seats_used: 1, seats_borrowed: 1 });
  wait(62);
  await suite.post('/internal/sessions/reap', {}, 'scheduler');
  expect(await usage(one)).toMatchObject({ seats_used: 0, seats_borrowed: 0, copies_outstanding: 0 });
});

test('a machine is named by its request code; a code that is mistyped, or in the place of the id, is refused', async () => {
  const one = await licence(2, { max_seats: 2 });
  const code = requestCode('lab-7');
  const byCode = (body: object) =>
    suite.send('POST', `${LICENSES}/${one.license_id}/borrows`, { borrow_seconds: DAY, ...body }, 'owner');
  const borrowed = await byCode({ request_code: code.toLowerCase().replaceAll('-', ' ') });
  expect(borrowed.status).toBe(201);
  expect(contentOf(borrowed).license.hardware_id).toBe('lab-7');
  expect(await byCode({ hardware_id: 'lab-7' })).toMatchObject({ status: 200, body: { seats_used: 1 } });
  const refused = (path: string, message: string) => ({ status: 400, body: { errors: [{ path, message }] } });
  expect(await byCode({ request_code: code.replace('4', '5') })).toMatchObject(
    refused('request_code', 'Group 2 of the request code is mistyped.'),
  );
  expect(await byCode({ hardware_id: code })).toMatchObject(
    refused('hardware_id', 'is a request code: send it as `request_code`'),
  );
  expect(await byCode({ request_code: code, hardware_id: 'lab-8' })).toMatchObject({ status: 400 });
  expect(await byCode({})).toMatchObject({ status: 400, body: { errors: [{ path: 'hardware_id' }] } });
  expect(await byCode({ hardware_id: 'x', token_format: 'jws' })).toMatchObject({ status: 400 });
  expect(await byCode({ hardware_id: 'x', borrow_seconds: 3_599 })).toMatchObject({ status: 400 });
});

test('asking again gives a file of the same seat, never shorter; whoever has a session has it borrowed', async () => {
  const one = await licence(2, { max_seats: 2, max_seconds: 3 * DAY });
  const first = (await borrowFor(one, 'a', 2 * DAY)).body;
  wait(60);
  const { session, borrowed_until } = first;
  expect(await borrowFor(one, 'a', 3_600)).toMatchObject({ status: 200, body: { session, borrowed_until } });
  const longer = await borrowFor(one, 'a', 3 * DAY);
  expect(longer).toMatchObject({ status: 200, body: { session, seats_used: 1, seats_borrowed: 1 } });
  expect(Math.abs(secondsLeft(longer) - 3 * DAY)).toBeLessThanOrEqual(2);
  expect(contentOf(longer).license.valid_until).toBe(longer.body.borrowed_until);

  const online = (await post('acquire', { license_key: one.license_key, hardware_id: 'b' })).body;
  const turned = await borrowFor(one, 'b', DAY);
  expect(turned).toMatchObject({ status: 200, body: { seats_used: 2, seats_borrowed: 2 } });
  expect(await post('heartbeat', { session_id: online.session_id })).toMatchObject({
    status: 410,
    body: { reason: 'borrowed' },
  });
  // Should the machine go online after all, it has its own seat, for as long.
  const back = await post('acquire', { license_key: one.license_key, hardware_id: 'b' });
  expect(back).toMatchObject({ status: 200, body: { borrowed_until: turned.body.borrowed_until, seats_used: 2 } });
  // What the machine has borrowed itself stays its session.
  expect(await borrowFor(one, 'b', 2 * DAY)).toMatchObject({ status: 200, body: { seats_borrowed: 2 } });
  expect((await post('heartbeat', { session_id: back.body.session_id })).status).toBe(200);
});

test('every refusal of a borrow', async () => {
  const code = (status: number, name: string, more: object = {}) => ({ status, body: { code: name, ...more } });
  const none = await licence(1, null);
  expect(await borrowFor(none, 'a', DAY)).toMatchObject(code(403, 'borrow_not_allowed'));
  const perUser = await licence(1, { max_seats: 1 }, { lease_per: 'user' });
  expect(await borrowFor(perUser, 'a', DAY)).toMatchObject(code(403, 'borrow_not_allowed'));
  const one = await licence(3, { max_seats: 2, max_seconds: DAY });
  expect(await borrowFor(one, 'a', DAY + 1)).toMatchObject(code(403, 'borrow_too_long', { max_seconds: DAY }));
  const machines = Array.from({ length: 8 }, (_, index) => `m${index}`);
  expect(tally(await Promise.all(machines.map((machine) => borrowFor(one, machine, DAY))))).toEqual({ 201: 2, 402: 6 });
  expect(await borrowFor(one, 'a', DAY)).toMatchObject(
    code(402, 'no_borrow_available', { seats_borrowed: 2, borrow_max_seats: 2 }),
  );
  const full = await licence(1, { max_seats: 1 });
  await post('acquire', { license_key: full.license_key, hardware_id: 'x' });
  expect(await borrowFor(full, 'a', DAY)).toMatchObject(code(402, 'no_seats_available', { seats_total: 1 }));
  // An instance writes what it has counted once a second.
  await vi.waitFor(async () => expect((await usage(full)).denials).toMatchObject([{ no_seats: 1 }]), {
    timeout: 10_000,
  });
  await suite.send('PATCH', `${LICENSES}/${full.license_id}`, { status: 'suspended' }, 'staff');
  expect(await borrowFor(full, 'a', DAY)).toMatchObject(code(403, 'license_suspended'));
  const ending = await licence(1, { max_seats: 1 }, { expires_at: new Date(now() + 7_200_000).toISOString() });
  const cut = await borrowFor(ending, 'a', DAY);
  expect(cut.body.borrowed_until).toBe(new Date(Date.parse(cut.body.borrowed_until)).toISOString());
  expect(Math.abs(secondsLeft(cut) - 7_200)).toBeLessThanOrEqual(2);
  wait(7_201);
  expect(await borrowFor(ending, 'b', DAY)).toMatchObject(code(403, 'license_expired'));
  for (const license_id of ['lic_000000000000', 'none'])
    expect(await borrowFor({ license_id, license_key: '' }, 'a', DAY)).toMatchObject(code(404, 'license_not_found'));
  expect(await borrowFor(one, 'a', DAY, { who: 'member' })).toMatchObject(code(403, 'forbidden'));
});

test('ended early by an administrator: the seat is free, and a repeat signs no file for it', async () => {
  const one = await licence(1, { max_seats: 1, max_recalls: 1 });
  const headers = { 'idempotency-key': randomUUID() };
  const first = await borrowFor(one, 'a', DAY, { headers });
  const again = await borrowFor(one, 'a', DAY, { headers });
  const { license_file: _first, ...seat } = first.body;
  expect([again.status, again.body]).toMatchObject([201, seat]);
  expect(await borrowFor(one, 'b', DAY, { headers })).toMatchObject({ body: { code: 'idempotency_conflict' } });
  expect(await end(first.body.session, 'admin', '')).toMatchObject({ status: 409, body: { code: 'session_borrowed' } });
  expect((await end(first.body.session)).status).toBe(204);
  expect(await borrowFor(one, 'a', DAY, { headers })).toMatchObject({
    status: 410,
    body: { code: 'session_ended', reason: 'recalled' },
  });
  expect(await borrowFor(one, 'b', DAY)).toMatchObject({ status: 201, body: { seats_used: 1, seats_borrowed: 1 } });
  // The file that is out works on: nobody can take it back, which is what `max_recalls` limits.
  const { valid } = await verifyLicense(first.body.license_file, rootKey(suite.stack.rootKey), { now: now() });
  expect(valid).toBe(true);
});

test('while KMS is down the seat is taken, and the next request gets its file', async () => {
  const one = await licence(2, { max_seats: 2 });
  const headers = { 'idempotency-key': randomUUID() };
  suite.stack.recorder.inject({ service: 'kms', method: '*', code: 'UNAVAILABLE' });
  const failed = { status: 503, body: { code: 'signing_unavailable' } };
  expect(await borrowFor(one, 'a', DAY)).toMatchObject(failed);
  expect(await borrowFor(one, 'b', DAY, { headers })).toMatchObject(failed);
  const held = await sessions(one);
  suite.stack.recorder.forgetFaults();
  expect(held).toHaveLength(2);
  const untils = new Map(
    held.map((of: { session: string; borrowed_until: string }) => [of.session, of.borrowed_until]),
  );
  for (const { status, body } of [await borrowFor(one, 'a', 3_600), await borrowFor(one, 'b', DAY, { headers })]) {
    expect([status, untils.get(body.session)]).toEqual([status, body.borrowed_until]);
    expect(body.license_file).toContain('BEGIN COUNTERSIGN LICENSE');
  }
  expect(await usage(one)).toMatchObject({ seats_used: 2, seats_borrowed: 2 });
});

test('an answer of the store that was lost costs neither a seat nor a slot, and the file names the seat', async () => {
  const one = await licence(3, { max_seats: 3 });
  for (const code of ['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const) {
    const { seats_borrowed: before } = await usage(one);
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code, times: 1, lost: true });
    const borrowed = await borrowFor(one, code, DAY);
    expect(borrowed).toMatchObject({ status: 201, body: { seats_borrowed: before + 1 } });
    const found = (await sessions(one)).find(({ session }: { session: string }) => session === borrowed.body.session);
    expect(found).toMatchObject({ borrowed_until: contentOf(borrowed).license.valid_until });
    expect(await usage(one)).toMatchObject({ seats_used: before + 1, seats_borrowed: before + 1 });
  }
});

test('suspended while a file is out: its seat stays away, and the machine has it back when asked for again', async () => {
  const one = await licence(1, { max_seats: 1 });
  const out = await borrowFor(one, 'a', DAY);
  for (const status of ['suspended', 'active'])
    await suite.send('PATCH', `${LICENSES}/${one.license_id}`, { status }, 'staff');
  expect(await usage(one)).toMatchObject({ seats_used: 0, copies_outstanding: 1 });
  expect((await borrowFor(one, 'b', DAY)).status).toBe(402);
  expect(await borrowFor(one, 'a', 3_600)).toMatchObject({
    status: 201,
    body: { borrowed_until: out.body.borrowed_until, seats_used: 1 },
  });
  expect(await usage(one)).toMatchObject({ seats_used: 1, seats_borrowed: 1, copies_outstanding: 0 });
});

/** @param signed canonical JSON with its signature as a member */
async function verifyByOpenssl(signed: Record<string, unknown>, pem: string): Promise<void> {
  const { signature, ...others } = signed;
  const folder = await scratch();
  try {
    await writeFile(join(folder, 'key.pem'), pem);
    await writeFile(join(folder, 'signature'), Buffer.from(String(signature), 'base64'));
    await writeFile(join(folder, 'signed'), canonicalJson(others as never));
    const check = ['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'signature', 'signed'];
    expect((await run('openssl', check, { cwd: folder })).stdout.trim()).toBe('Verified OK');
  } finally {
    await rm(folder, { recursive: true });
  }
}
