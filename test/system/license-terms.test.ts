import { describe, expect, test } from 'vitest';
import { useSuite } from './suite.ts';

const suite = useSuite();

const LICENSES = '/api/v1/licenses';
const get = (path: string) => suite.send('GET', path, undefined, 'staff');
const change = (id: string, body: object, query = '') =>
  suite.send('PATCH', `${LICENSES}/${id}${query}`, body, 'staff');
const acquire = (license_key: string, hardware_id: string, more: object = {}) =>
  suite.post(`${LICENSES}/acquire`, { license_key, hardware_id, ...more });
const inSeconds = (seconds: number) => new Date(suite.stack.clock.now() + seconds * 1000).toISOString();

async function create(terms: object) {
  const body = { tenant_id: 'demo', tier: 'starter', max_seats: 2, expires_at: null, ...terms };
  const created = await suite.post(LICENSES, body, 'staff');
  expect(created).toMatchObject({ status: 201 });
  return created.body;
}

test('terms are kept as they are sent, and can all be changed', async () => {
  const terms = {
    product: 'viewer-2',
    updates_until: '2030-01-01T00:00:00.000Z',
    label: 'Office 😀',
    reference: 'order.`1`',
    metadata: { nested: [[1.5, null, { deep: true }]] },
    lease_seconds: 60,
    offline_seconds: 0,
    release: 'after_copy',
    borrow: { max_seats: 2, max_seconds: 3600, early_return: true, max_recalls: 3 },
    lease_per: 'process',
    on_second: 'refuse',
    named_users: true,
    self_service: { holders: 'names', release: 'any' },
  };
  const { license_id, license_key, ...created } = await create(terms);
  expect(created).toMatchObject({ ...terms, expires_at: null, status: 'active' });
  const { license_data } = (await acquire(license_key, 'm', { process_id: '1' })).body;
  expect(license_data).toMatchObject({
    kind: 'seat',
    product: 'viewer-2',
    expires_at: null,
    updates_until: '2030-01-01T00:00:00.000Z',
  });
  const changed = {
    product: 'editor',
    tier: 'enterprise',
    max_seats: 3,
    expires_at: '2040-01-01T00:00:00.000Z',
    updates_until: null,
    label: null,
    reference: null,
    metadata: {},
    features: ['a'],
    lease_seconds: 90,
    offline_seconds: 3600,
    release: 'at_once',
    borrow: null,
    lease_per: 'machine',
    on_second: 'move',
    named_users: false,
    self_service: { holders: 'count', release: 'none' },
  };
  expect(await change(license_id, changed)).toMatchObject({ status: 200, body: changed });
  expect((await get(`${LICENSES}/${license_id}`)).body).toMatchObject(changed);
  const again = (await acquire(license_key, 'm')).body.license_data;
  expect(again).toMatchObject({ product: 'editor', tier: 'enterprise', expires_at: '2040-01-01T00:00:00.000Z' });
  expect(again).not.toHaveProperty('updates_until');
});

test('the times of an audit record are readable', async () => {
  const { license_id } = await create({ expires_at: '2040-01-01T00:00:00.000Z' });
  await change(license_id, { expires_at: null, updates_until: '2035-01-01T00:00:00.000Z' });
  const { body } = await get(`/api/v1/audit?license_id=${license_id}`);
  expect(body[0].details).toEqual({
    before: { expires_at: '2040-01-01T00:00:00.000Z', updates_until: null },
    after: { expires_at: null, updates_until: '2035-01-01T00:00:00.000Z' },
  });
  expect(body[1].details).toMatchObject({ expires_at: '2040-01-01T00:00:00.000Z', max_seats: 2 });
});

test('a dry run tells which sessions would end, and changes nothing', async () => {
  const { license_id, license_key } = await create({ max_seats: 3 });
  for (const machine of ['a', 'b']) await acquire(license_key, machine);
  const before = (await get(`${LICENSES}/${license_id}`)).body;
  const preview = async (body: object) => (await change(license_id, body, '?dry_run=true')).body;
  expect(await preview({ label: 'x' })).toEqual({ would_end: [], would_end_count: 0, seats_used: 2, seats_total: 3 });
  const fewer = await preview({ max_seats: 1 });
  expect(fewer).toMatchObject({ would_end_count: 1, seats_used: 2, seats_total: 1 });
  expect(fewer.would_end).toHaveLength(1);
  expect((await preview({ status: 'suspended' })).would_end).toHaveLength(2);
  expect((await get(`${LICENSES}/${license_id}`)).body).toEqual(before);
  await change(license_id, { max_seats: 1 });
  const left = (await get(`${LICENSES}/${license_id}/sessions`)).body;
  expect(left.map(({ session }: { session: string }) => session)).not.toContain(fewer.would_end[0].session);
  expect(left).toHaveLength(1);
});

test('an archived licence ends its sessions and keys, and can be read but not changed', async () => {
  const { license_id, license_key } = await create({});
  const { session_id } = (await acquire(license_key, 'm')).body;
  const archive = () => suite.send('DELETE', `${LICENSES}/${license_id}`, undefined, 'staff');
  expect((await archive()).status).toBe(204);
  expect((await archive()).status).toBe(204);
  expect(await suite.post(`${LICENSES}/heartbeat`, { session_id })).toMatchObject({
    status: 410,
    body: { reason: 'license_archived' },
  });
  expect(await acquire(license_key, 'm')).toMatchObject({ status: 404, body: { code: 'license_not_found' } });
  expect((await get(`${LICENSES}/${license_id}`)).body.status).toBe('archived');
  expect(await change(license_id, { status: 'active' })).toMatchObject({ status: 409, body: { code: 'conflict' } });
  expect((await get(`${LICENSES}?limit=100`)).text).not.toContain(license_id);
  const { body } = await get(`/api/v1/audit?license_id=${license_id}`);
  expect(body.map(({ action }: { action: string }) => action)).toEqual(['license.archive', 'license.create']);
});

describe('the limit of a tenant', () => {
  async function tenant(seat_limit: number): Promise<string> {
    const { body } = await suite.post('/api/v1/tenants', { name: 'Limited', tier: 'trial', seat_limit }, 'staff');
    return body.tenant_id;
  }
  const license = (tenant_id: string, max_seats: number, expires_at: string | null = null) =>
    suite.post(LICENSES, { tenant_id, tier: 'trial', max_seats, expires_at }, 'staff');

  test('does not count what is archived', async () => {
    const tenant_id = await tenant(5);
    const { license_id } = (await license(tenant_id, 5)).body;
    expect(await license(tenant_id, 1)).toMatchObject({ status: 409, body: { code: 'seat_limit_exceeded' } });
    await suite.send('DELETE', `${LICENSES}/${license_id}`, undefined, 'staff');
    expect((await license(tenant_id, 5)).status).toBe(201);
    expect((await get(`/api/v1/tenants/${tenant_id}`)).body.seats_allotted).toBe(5);
  });

  test('does not count what has ended, and counts it again when it is prolonged', async () => {
    const tenant_id = await tenant(5);
    const first = (await license(tenant_id, 3, inSeconds(60))).body.license_id;
    await license(tenant_id, 2, inSeconds(60));
    suite.stack.clock.advance(61);
    expect((await license(tenant_id, 4)).status).toBe(201);
    expect((await get(`/api/v1/tenants/${tenant_id}`)).body.seats_allotted).toBe(4);
    expect(await change(first, { expires_at: null })).toMatchObject({ status: 409, body: { seats_wanted: 7 } });
    expect(await change(first, { expires_at: null, max_seats: 1 })).toMatchObject({ status: 200 });
    expect((await get(`/api/v1/tenants/${tenant_id}`)).body.seats_allotted).toBe(5);
  });
});

test('what may be borrowed has defaults, and is bounded by the seats there are when it is set', async () => {
  const { license_id, ...created } = await create({ borrow: { max_seats: 1 } });
  const borrow = { max_seats: 1, max_seconds: 604_800, early_return: false, max_recalls: 0 };
  expect(created).toMatchObject({ borrow });
  const tooMany = { status: 400, body: { errors: [{ path: 'borrow.max_seats' }] } };
  expect(await change(license_id, { borrow: { max_seats: 3 } })).toMatchObject(tooMany);
  const terms = { tenant_id: 'demo', tier: 'starter', max_seats: 2, expires_at: null, borrow: { max_seats: 3 } };
  expect(await suite.post(LICENSES, terms, 'staff')).toMatchObject(tooMany);
  expect(await change(license_id, { borrow: { max_seats: 2 } })).toMatchObject({ status: 200 });
  expect(await change(license_id, { max_seats: 1 })).toMatchObject({ status: 200, body: { borrow: { max_seats: 2 } } });
  expect(await change(license_id, { borrow: null })).toMatchObject({ status: 200, body: { borrow: null } });
  expect((await create({})).borrow).toBeNull();
});

test.each([
  ['expires_at', '9999-06-01T00:00:00Z'],
  ['updates_until', '1999-01-01T00:00:00Z'],
  ['product', 'Not A Slug'],
  ['label', 'x'.repeat(201)],
  ['metadata', Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`m${index}`, 1]))],
  ['release', 'never'],
  ['borrow.max_seats', 0],
  ['borrow.max_seconds', 3599],
  ['borrow.max_seconds', 31_622_401],
  ['borrow.max_recalls', -1],
  ['lease_per', 'tenant'],
  ['on_second', null],
  ['self_service', 'all'],
  ['status', 'archived'],
])('%s is refused when it is out of bounds', async (name, value) => {
  const { license_id } = await create({});
  const member = name.startsWith('borrow.') ? { borrow: { max_seats: 1, [name.slice(7)]: value } } : { [name]: value };
  const refused = await change(license_id, member);
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: name }] } });
});

test('a licence is found by its key, by filters and by the beginning of a name', async () => {
  const { license_id, license_key } = await create({ label: 'Lager 7', reference: 'po-77', tier: 'enterprise' });
  await create({ label: 'Lager 8', expires_at: '2041-01-01T00:00:00Z' });
  const found = async (query: string) =>
    (await get(`${LICENSES}?${query}`)).body.map(({ label }: { label: string }) => label);
  expect(await found('q=lager&limit=100')).toHaveLength(2);
  expect(await found('q=po-7')).toEqual(['Lager 7']);
  expect(await found(`q=${license_id}`)).toEqual(['Lager 7']);
  expect(await found('reference=po-77&tier=enterprise&status=active')).toEqual(['Lager 7']);
  expect(await found('q=lager&expires_before=2041-01-01T00:00:00.001Z')).toEqual(['Lager 8']);
  expect(await found('q=lager&expires_before=2041-01-01T00:00:00Z')).toEqual([]);
  expect((await get(`${LICENSES}?colour=red`)).status).toBe(400);
  const lookup = (key: string, token = 'staff') => suite.post(`${LICENSES}/lookup`, { license_key: key }, token);
  expect(await lookup(license_key.toLowerCase())).toMatchObject({ status: 200, body: { license_id } });
  expect(await lookup('CS-NONE')).toMatchObject({ status: 404, body: { code: 'license_not_found' } });
  expect((await lookup(license_key, 'owner')).status).toBe(403);
  await suite.send('DELETE', `${LICENSES}/${license_id}`, undefined, 'staff');
  expect(await found('q=lager')).toEqual(['Lager 8']);
  expect(await found('q=lager&status=archived')).toEqual(['Lager 7']);
  expect((await lookup(license_key)).status).toBe(404);
});

test('the audit is filtered by actor and action', async () => {
  const { license_id } = await create({});
  await change(license_id, { label: 'x' });
  const ask = async (query: string) => (await get(`/api/v1/audit?license_id=${license_id}&${query}`)).body;
  const [latest] = await ask('action=license.change');
  expect(await ask('action=license.change')).toHaveLength(1);
  expect(await ask(`actor=${latest.actor.id}`)).toHaveLength(2);
  expect(await ask(`actor=${latest.actor.email}`)).toHaveLength(2);
  expect(await ask('actor=nobody')).toEqual([]);
});
