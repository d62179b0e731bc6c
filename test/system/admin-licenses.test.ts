import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DEMO_TENANT } from '#local/tokens.ts';
import { type Reply, tally, useSuite } from './suite.ts';

const suite = useSuite();

const LICENSES = '/api/v1/licenses';
const get = (path: string, token = 'owner') => suite.send('GET', path, undefined, token);
const acquire = (license_key: string, hardware_id: string) =>
  suite.post(`${LICENSES}/acquire`, { license_key, hardware_id, hostname: hardware_id });
const beat = (session_id: string) => suite.post(`${LICENSES}/heartbeat`, { session_id });
const end = (session: string, token = 'owner') => suite.send('DELETE', `/api/v1/sessions/${session}`, undefined, token);
const rotate = (license_id: string, grace_seconds: number, token = 'owner') =>
  suite.post(`${LICENSES}/${license_id}/keys`, { grace_seconds }, token);
const handleOf = (session_id: string) => createHash('sha256').update(session_id).digest('hex');
const nextOf = ({ headers }: Reply) => /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];

async function walk(path: string, token: string, between?: () => Promise<unknown>): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const reply: Reply = await get(next, token);
    expect(reply.status).toBe(200);
    replies.push(reply);
    next = nextOf(reply);
    await between?.();
  }
  return replies;
}

describe('lists', () => {
  test('of licences say how many seats are in use when they are asked', async () => {
    const [one, idle] = [await suite.license(2), await suite.license(1)];
    await acquire(one.license_key, 'a');
    const { body } = await get(`${LICENSES}?include=seats_used&limit=100`);
    const used = new Map(body.map((each: { license_id: string }) => [each.license_id, each]));
    expect(used.get(one.license_id)).toMatchObject({ seats_used: 1, max_seats: 2 });
    expect(used.get(idle.license_id)).toMatchObject({ seats_used: 0 });
    expect((await get(`${LICENSES}/${one.license_id}`)).body).not.toHaveProperty('seats_used');
    expect((await get(`${LICENSES}?include=keys`)).status).toBe(400);
  });

  test('of licences go page by page, each once, whatever is created meanwhile', async () => {
    const made = [];
    for (let i = 0; i < 5; i += 1) made.push((await suite.license(1)).license_id);
    const replies = await walk(`${LICENSES}?limit=2`, 'guest', () => suite.license(1));
    const seen = replies.flatMap(({ body }) => body.map(({ license_id }: { license_id: string }) => license_id));
    expect(seen).toEqual([...new Set(seen)].sort());
    expect(made.filter((id) => !seen.includes(id))).toEqual([]);
    expect(replies.flatMap(({ text }) => text.match(/hash|license_key|nonce/) ?? [])).toEqual([]);
  });

  test('hold nothing of another tenant, nor tell that it is there', async () => {
    const { license_id, license_key } = await suite.license(1);
    const session = handleOf((await acquire(license_key, 'm')).body.session_id);
    expect((await get(LICENSES, 'other_tenant_owner')).text).not.toContain(license_id);
    expect(await get(`${LICENSES}?tenant_id=demo`, 'other_tenant_owner')).toMatchObject({ status: 404 });
    const absent = 'lic_000000000000';
    const same = async (ask: (id: string) => Promise<Reply>, foreign: string, none: string, code: string) => {
      const [a, b] = [await ask(foreign), await ask(none)];
      expect([a.status, a.body.code, b.status, b.body.code]).toEqual([404, code, 404, code]);
      expect({ ...a.body, request_id: '' }).toEqual({ ...b.body, request_id: '' });
    };
    const foreign = 'other_tenant_owner';
    await same((id) => get(`${LICENSES}/${id}`, foreign), license_id, absent, 'license_not_found');
    await same((id) => get(`${LICENSES}/${id}/sessions`, foreign), license_id, absent, 'license_not_found');
    await same((id) => get(`${LICENSES}/${id}/usage`, foreign), license_id, absent, 'license_not_found');
    await same((id) => rotate(id, 0, foreign), license_id, absent, 'license_not_found');
    await same((id) => end(id, foreign), session, handleOf('nobody'), 'session_not_found');
    const audit = await get(`/api/v1/audit?license_id=${license_id}`, foreign);
    expect(audit).toMatchObject({ status: 200, body: [] });
  });
});

describe('a new key', () => {
  test('works at once, the old one as long as its grace, and no machine loses its seat', async () => {
    const { license_id, license_key } = await suite.license(2);
    const first = await acquire(license_key, 'kept');
    const rotated = await rotate(license_id, 600);
    expect(rotated.status).toBe(201);
    expect(rotated.body.license_key).not.toBe(license_key);
    expect(Date.parse(rotated.body.old_keys_until) - suite.stack.clock.now()).toBeLessThanOrEqual(600_000);

    expect(await acquire(license_key, 'late')).toMatchObject({ status: 201, body: { seats_used: 2 } });
    const moved = await acquire(rotated.body.license_key, 'kept');
    expect(moved).toMatchObject({ status: 200, body: { seats_used: 2 } });
    expect(moved.body.session_id).not.toBe(first.body.session_id);
    expect(await beat(moved.body.session_id)).toMatchObject({ status: 200 });

    suite.stack.clock.advance(601);
    expect(await acquire(license_key, 'late')).toMatchObject({ status: 404, body: { code: 'license_not_found' } });
    expect(await acquire(rotated.body.license_key, 'kept')).toMatchObject({ status: 200 });
  });

  test('ends the old ones at once without a grace, and never lengthens one', async () => {
    const { license_id, license_key } = await suite.license(1);
    const second = (await rotate(license_id, 60)).body.license_key;
    const third = (await rotate(license_id, 3600)).body.license_key;
    suite.stack.clock.advance(61);
    expect((await acquire(license_key, 'm')).status).toBe(404);
    expect((await acquire(second, 'm')).status).toBe(201);
    const last = (await rotate(license_id, 0)).body.license_key;
    expect(tally([await acquire(second, 'm'), await acquire(third, 'm'), await acquire(last, 'm')])).toEqual({
      200: 1,
      404: 2,
    });
  });

  test('is refused to members and guests', async () => {
    const { license_id } = await suite.license(1);
    for (const token of ['member', 'guest']) expect((await rotate(license_id, 0, token)).status).toBe(403);
  });
});

describe('sessions', () => {
  test('are listed by handle, to all but guests, without what identifies the machine', async () => {
    const { license_id, license_key } = await suite.license(5);
    const ids: string[] = [];
    for (const machine of ['a', 'b', 'c']) ids.push((await acquire(license_key, machine)).body.session_id);
    const replies = await walk(`${LICENSES}/${license_id}/sessions?limit=2`, 'member');
    const listed = replies.flatMap(({ body }) => body);
    expect(listed.map(({ session }) => session)).toEqual(ids.map(handleOf).sort());
    expect(Object.keys(listed[0]).sort()).toEqual([
      'acquired_at',
      'client_version',
      'expires_at',
      'hostname',
      'key',
      'last_heartbeat',
      'machine',
      'platform',
      'session',
      'user_email',
    ]);
    expect(ids.filter((id) => replies.some(({ text }) => text.includes(id)))).toEqual([]);
    expect((await get(`${LICENSES}/${license_id}/sessions`, 'guest')).status).toBe(403);
  });

  test('can be ended by handle, and their holders learn it', async () => {
    const { license_id, license_key } = await suite.license(1);
    const { session_id } = (await acquire(license_key, 'm')).body;
    const session = handleOf(session_id);
    expect((await end(session, 'member')).status).toBe(403);
    expect(await end(session, 'admin')).toMatchObject({ status: 204, text: '' });
    expect((await end(session, 'admin')).status).toBe(204);
    expect(await beat(session_id)).toMatchObject({ status: 410, body: { reason: 'admin_released' } });
    expect((await get(`${LICENSES}/${license_id}/usage`)).body.seats_used).toBe(0);
    const { body } = await get(`/api/v1/audit?session=${session}`);
    expect(body).toMatchObject([{ action: 'session.release', license_id, session, actor: { id: 'demo-admin' } }]);
    expect(await end('nonsense')).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    const again = (await acquire(license_key, 'm')).body.session_id;
    await suite.post(`${LICENSES}/release`, { session_id: again });
    const gone = { status: 410, body: { code: 'session_ended', reason: 'released' } };
    expect(await end(handleOf(again))).toMatchObject(gone);
  });

  test('are named by no session id, which is a secret', async () => {
    const { license_key } = await suite.license(1);
    const { session_id } = (await acquire(license_key, 'm')).body;
    expect(await end(session_id)).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    expect((await beat(session_id)).status).toBe(200);
    const audit = await get(`/api/v1/audit?session=${session_id}`);
    expect(audit).toMatchObject({ status: 400, body: { errors: [{ path: 'session' }] } });
    const old = await get(`/api/v1/audit?session_id=${session_id}`);
    expect(old).toMatchObject({ status: 400, body: { errors: [{ path: 'session_id' }] } });
  });

  test('are ended once when the answer is lost', async () => {
    const { license_key } = await suite.license(1);
    const session = handleOf((await acquire(license_key, 'm')).body.session_id);
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 1, lost: true });
    expect((await end(session)).status).toBe(204);
    expect((await get(`/api/v1/audit?session=${session}`)).body).toHaveLength(1);
  });
});

describe('usage', () => {
  const usage = async (license_id: string, query = '') =>
    (await get(`${LICENSES}/${license_id}/usage${query}`, 'guest')).body;
  const startOf = (unit: number, back = 0) =>
    new Date(Math.floor(suite.stack.clock.now() / unit) * unit - back * unit).toISOString();
  const [HOUR, DAY] = [3_600_000, 86_400_000];
  const advanceTo = (unit: number) => suite.stack.clock.advance((unit - (suite.stack.clock.now() % unit)) / 1000);
  const sell = async (max_seats: number, terms = {}) =>
    (
      await suite.post(
        LICENSES,
        { tenant_id: DEMO_TENANT, tier: 'starter', expires_at: null, max_seats, ...terms },
        'staff',
      )
    ).body;

  test('shows the peak of each day, also of days on which a seat was only held', async () => {
    const { license_id, license_key } = await sell(4, { lease_seconds: 86_400 });
    advanceTo(DAY);
    const ids: string[] = [];
    for (const machine of ['a', 'b', 'c']) ids.push((await acquire(license_key, machine)).body.session_id);
    for (const session_id of ids) await suite.post(`${LICENSES}/release`, { session_id });
    expect(await usage(license_id)).toMatchObject({
      ...{ seats_used: 0, seats_total: 4, utilization: 0, resolution: 'day', denials: [] },
      peak: [{ at: startOf(DAY), seats: 3 }],
      from: startOf(DAY, 30),
      to: startOf(DAY, -1),
      exact_from: startOf(DAY, 30),
    });
    await acquire(license_key, 'a');
    suite.stack.clock.advance(1.5 * 86_400);
    const { peak, seat_hours } = await usage(license_id);
    expect(peak).toEqual([
      { at: startOf(DAY, 1), seats: 3 },
      { at: startOf(DAY), seats: 1 },
    ]);
    // Its lease ended after a day, though nobody has taken the seat since.
    const hours: number[] = seat_hours.map(({ hours }: { hours: number }) => hours);
    expect(hours.reduce((sum, one) => sum + one, 0)).toBeCloseTo(24, 1);
    suite.stack.clock.advance(40 * 86_400);
    expect((await usage(license_id, `?from=${startOf(DAY, 50)}`)).peak).toHaveLength(3);
  });

  test('shows hours, within the period that was asked for', async () => {
    const { license_id, license_key } = await sell(2, { lease_seconds: 86_400 });
    advanceTo(HOUR);
    const begin = startOf(HOUR);
    const { session_id } = (await acquire(license_key, 'a')).body;
    suite.stack.clock.advance(2.5 * 3600);
    await suite.post(`${LICENSES}/release`, { session_id });
    const { peak, seat_hours } = await usage(license_id, '?resolution=hour');
    expect(peak).toEqual([2, 1, 0].map((back) => ({ at: startOf(HOUR, back), seats: 1 })));
    const hours = seat_hours.map(({ hours }: { hours: number }) => Math.round(hours * 100) / 100);
    expect(hours).toEqual([1, 1, 0.5]);
    const one = await usage(license_id, `?resolution=hour&from=${begin}&to=${startOf(HOUR, 1)}`);
    expect([one.from, one.to, one.peak]).toEqual([begin, startOf(HOUR, 1), [{ at: begin, seats: 1 }]]);
  });

  test.each(['resolution=week', 'from=yesterday', 'to=2026-13-01', 'from=2026-02-30', 'month=1', 'from=2020-01-01'])(
    'refuses the period %s',
    async (query) => {
      const { license_id } = await suite.license(1);
      const { status, body } = await get(`${LICENSES}/${license_id}/usage?${query}`);
      expect([status, body.code, body.errors[0].path]).toEqual([400, 'invalid_request', query.split('=')[0]]);
    },
  );

  test('counts refusals by reason: the first at once, a storm of them in few writes', async () => {
    const { license_id, license_key } = await suite.license(1);
    suite.stack.clock.advance(300);
    await acquire(license_key, 'holder');
    expect((await acquire(license_key, 'denied')).status).toBe(402);
    const denials = async () => (await usage(license_id)).denials;
    await expect.poll(denials).toEqual([{ at: startOf(DAY), no_seats: 1 }]);
    suite.stack.recorder.forgetCalls();
    const storm = Array.from({ length: 40 }, (_, index) => acquire(license_key, `denied-${index}`));
    for (const { status } of await Promise.all(storm)) expect(status).toBe(402);
    await suite.send('PATCH', `${LICENSES}/${license_id}`, { status: 'suspended' }, 'staff');
    expect((await acquire(license_key, 'denied')).status).toBe(403);
    await expect.poll(denials, { timeout: 20_000 }).toEqual([{ at: startOf(DAY), no_seats: 41, license_suspended: 1 }]);
    expect(suite.stack.recorder.calls()['firestore.BatchWrite']).toBeLessThan(40);
  });

  test('counts nothing for a key that no licence has', async () => {
    const { license_id, license_key } = await suite.license(1);
    const invented = `${license_key.slice(0, -4)}AAAA`;
    expect((await acquire(invented, 'm')).status).toBe(404);
    expect((await usage(license_id)).denials).toEqual([]);
  });

  test('is a table of every hour for a spreadsheet', async () => {
    const label = '=HYPERLINK("http://example.org", "Berlin")';
    const { license_id, license_key } = await sell(1, { label });
    await acquire(license_key, 'm');
    const path = `${LICENSES}/${license_id}/usage?resolution=hour`;
    const { headers, text } = await suite.send('GET', path, undefined, 'guest', { accept: 'text/csv' });
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="usage-${license_id}-hour.csv"`);
    const lines = text.split('\r\n');
    expect(lines[0]).toBe('license_id,label,at,peak,seat_hours,no_seats');
    expect(lines).toHaveLength(1 + 24 + 1);
    const quoted = `"'${label.replaceAll('"', '""')}"`;
    expect(lines[1]).toBe(`${license_id},${quoted},${startOf(HOUR, 23)},0,0,0`);
    expect(lines[24]).toMatch(new RegExp(`,${startOf(HOUR)},1,0(\\.\\d+)?,0$`));
  });
});

describe('the audit', () => {
  test('has every act, the newest first, and no secret', async () => {
    const since = new Date(suite.stack.clock.now()).toISOString();
    const { license_id, license_key } = await suite.license(2);
    const { session_id } = (await acquire(license_key, 'm')).body;
    const key = (await rotate(license_id, 5)).body.license_key;
    await suite.send('PATCH', `${LICENSES}/${license_id}`, { status: 'suspended', max_seats: 1 }, 'staff', {
      'x-request-id': 'traced-1',
    });
    await suite.send('PATCH', `${LICENSES}/${license_id}`, { status: 'suspended' }, 'staff');
    const { body, text } = await get(`/api/v1/audit?license_id=${license_id}&since=${since}`);
    expect(body.map(({ action }: { action: string }) => action)).toEqual([
      'license.change',
      'license.create_key',
      'license.create',
    ]);
    expect(body[0]).toMatchObject({
      actor: { kind: 'staff' },
      tenant_id: 'demo',
      license_id,
      session: null,
      ip: '127.0.0.1',
      request_id: 'traced-1',
      outcome: 'success',
      details: { before: { status: 'active', max_seats: 2 }, after: { status: 'suspended', max_seats: 1 } },
    });
    for (const secret of [license_key, key, session_id]) expect(text).not.toContain(secret);
  });

  test('goes page by page, undisturbed by new acts, back to a moment', async () => {
    const { license_id } = await suite.license(1);
    for (let i = 0; i < 4; i += 1) await rotate(license_id, 0);
    const replies = await walk(`/api/v1/audit?license_id=${license_id}&limit=2`, 'owner', () => rotate(license_id, 0));
    const seen = replies.flatMap(({ body }) => body.map(({ audit_id }: { audit_id: string }) => audit_id));
    expect(replies.map(({ body }) => body.length)).toEqual([2, 2, 1]);
    expect(new Set(seen).size).toBe(5);
    suite.stack.clock.advance(10);
    const since = new Date(suite.stack.clock.now()).toISOString();
    await rotate(license_id, 0);
    expect((await get(`/api/v1/audit?license_id=${license_id}&since=${since}`)).body).toHaveLength(1);
  });

  test('is for owners and staff', async () => {
    const statuses = await Promise.all(
      ['staff', 'owner', 'admin', 'member', 'guest', 'service'].map(
        async (who) => (await get('/api/v1/audit', who)).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 403, 403, 403, 403]);
    const { body } = await get('/api/v1/audit?limit=100', 'owner');
    expect(new Set(body.map(({ tenant_id }: { tenant_id: string }) => tenant_id))).toEqual(new Set(['demo']));
  });
});

describe('who was refused', () => {
  interface Denial {
    readonly machine: string;
    readonly reason: string;
    readonly count: number;
    readonly hour: string;
    readonly last_at: string;
    readonly hostname: string | null;
    readonly user_email: string | null;
  }
  const denialsOf = async (license_id: string, query = '', token = 'member'): Promise<Denial[]> =>
    (await get(`${LICENSES}/${license_id}/denials${query}`, token)).body;
  /** It is written about a second later. */
  const LATER = { timeout: 20_000 };
  const HOUR = 3_600_000;
  const untilNextHour = () => suite.stack.clock.advance((HOUR - (suite.stack.clock.now() % HOUR)) / 1000);
  const ask = (license_key: string, hardware_id: string, about: object) =>
    suite.post(`${LICENSES}/acquire`, { license_key, hardware_id, ...about });

  test('is listed with the reason, by the hour, newest first', async () => {
    const { license_id, license_key } = await suite.license(1);
    untilNextHour(); // an hour that lasts
    const { body: held } = await ask(license_key, 'holder', {});
    const about = { user_email: 'Zoë@example.org', hostname: 'WS-7', platform: 'linux', client_version: '3.1' };
    expect((await ask(license_key, 'late', about)).status).toBe(402);
    await expect.poll(() => denialsOf(license_id), LATER).toMatchObject([{ ...about, reason: 'no_seats', count: 1 }]);
    const [first] = await denialsOf(license_id);
    expect(Object.keys(first ?? {})).toEqual([
      ...['hour', 'last_at', 'count', 'reason', 'machine', 'user_email', 'hostname', 'platform', 'client_version'],
    ]);
    suite.stack.clock.advance(3_600);
    await suite.send('PATCH', `${LICENSES}/${license_id}`, { status: 'suspended' }, 'staff');
    for (const machine of ['late', 'other']) expect((await ask(license_key, machine, {})).status).toBe(403);
    const hours = async () => (await denialsOf(license_id)).map(({ hour, reason }) => [hour, reason]);
    await expect.poll(hours, LATER).toHaveLength(3);
    expect((await hours())[0]?.[1]).toBe('license_suspended');
    expect((await hours())[2]).toEqual([first?.hour, 'no_seats']);
    // The same machine as sessions name it.
    const { body: sessions } = await get(`${LICENSES}/${license_id}/sessions`);
    expect(sessions).toEqual([]);
    expect(new Set((await denialsOf(license_id)).map(({ machine }) => machine)).size).toBe(2);
    expect(await denialsOf(license_id, `?before=${(await hours())[0]?.[0]}`)).toHaveLength(1);
    expect(await denialsOf(license_id, `?since=${(await hours())[0]?.[0]}`)).toHaveLength(2);
    const pages = await walk(`${LICENSES}/${license_id}/denials?limit=1`, 'owner');
    expect(pages.flatMap(({ body }) => body)).toEqual(await denialsOf(license_id));
    expect((await get(`${LICENSES}/${license_id}/denials?until=x`)).status).toBe(400);
    expect(JSON.stringify(pages.map(({ text }) => text))).not.toContain(held.session_id);
  });

  test('is found by the person’s address, and erased', async () => {
    const { license_id, license_key } = await suite.license(1);
    await ask(license_key, 'holder', {});
    const user_email = `refused-${license_id}@example.org`;
    await ask(license_key, 'late', { user_email: user_email.toUpperCase(), hostname: 'WS-of-her' });
    await expect.poll(() => denialsOf(license_id), LATER).toHaveLength(1);
    const person = { email: user_email };
    const { body: exported } = await suite.post('/api/v1/people/export', person, 'staff');
    expect(exported.denials).toMatchObject([{ license_id, hostname: 'WS-of-her', count: 1 }]);
    const { body: erasure } = await suite.post('/api/v1/people/erase', person, 'staff');
    expect(erasure.erased).toMatchObject({ denials: 1, sessions: 0 });
    expect(await denialsOf(license_id)).toMatchObject([{ user_email: 'erased', hostname: 'erased', count: 1 }]);
    expect((await suite.post('/api/v1/people/export', person, 'staff')).body.denials).toEqual([]);
  });
});
