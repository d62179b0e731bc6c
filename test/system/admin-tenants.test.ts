import { describe, expect, test } from 'vitest';
import { type Reply, tally, useSuite } from './suite.ts';

const suite = useSuite();

const TENANTS = '/api/v1/tenants';
const LICENSES = '/api/v1/licenses';
const AUDIT = '/api/v1/audit';

const send = (method: string, path: string, token: string, body?: unknown): Promise<Reply> =>
  suite.send(method, path, body, token);

const createTenant = async (body: object = {}): Promise<{ tenant_id: string }> => {
  const reply = await send('POST', TENANTS, 'staff', { name: 'Acme', tier: 'starter', ...body });
  expect(reply.status).toBe(201);
  return reply.body;
};

const license = (tenant_id: string, max_seats: number, token = 'staff') =>
  send('POST', LICENSES, token, { tenant_id, tier: 'starter', max_seats, expires_at: '2099-01-01T00:00:00Z' });

/** Every page of a list, by its Link headers. */
async function pages(path: string, token: string, between?: () => Promise<unknown>): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const reply: Reply = await send('GET', next, token);
    expect(reply.status).toBe(200);
    replies.push(reply);
    next = /^<([^>]+)>; rel="next"$/.exec(reply.headers.get('link') ?? '')?.[1];
    await between?.();
  }
  return replies;
}

describe('tenants', () => {
  test('are created, read and changed by staff', async () => {
    const { tenant_id } = await createTenant({ seat_limit: 5, stripe_customer_id: 'cus_1' });
    expect(tenant_id).toMatch(/^ten_[0-9a-z]{12}$/);
    const found = await send('GET', `${TENANTS}/${tenant_id}`, 'staff');
    expect(found.body).toEqual({
      tenant_id,
      name: 'Acme',
      tier: 'starter',
      seat_limit: 5,
      seats_allotted: 0,
      reference: null,
      metadata: {},
      stripe_customer_id: 'cus_1',
      stripe_subscription_id: null,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    const changed = await send('PATCH', `${TENANTS}/${tenant_id}`, 'staff', { name: 'New', stripe_customer_id: null });
    expect(changed).toMatchObject({
      status: 200,
      body: { name: 'New', tier: 'starter', seat_limit: 5, stripe_customer_id: null },
    });
    const { body } = await send('GET', `${AUDIT}?tenant_id=${tenant_id}`, 'staff');
    expect(body.map(({ action }: { action: string }) => action)).toEqual(['tenant.change', 'tenant.create']);
    expect(body[0]).toMatchObject({
      actor: { kind: 'staff', id: 'staff', email: 'staff@countersign.example' },
      tenant_id,
      outcome: 'success',
      details: {
        before: { name: 'Acme', stripe_customer_id: 'cus_1' },
        after: { name: 'New', stripe_customer_id: null },
      },
    });
  });

  test('are seen by their own people, and by nobody else', async () => {
    for (const token of ['owner', 'admin', 'member', 'guest']) {
      expect(await send('GET', `${TENANTS}/demo`, token)).toMatchObject({ status: 200, body: { tenant_id: 'demo' } });
      const { body } = await send('GET', TENANTS, token);
      expect(body.map(({ tenant_id }: { tenant_id: string }) => tenant_id)).toEqual(['demo']);
      expect('stripe_customer_id' in body[0]).toBe(token === 'owner');
    }
    const foreign = await send('GET', `${TENANTS}/demo`, 'other_tenant_owner');
    const absent = await send('GET', `${TENANTS}/ten_000000000000`, 'other_tenant_owner');
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, request_id: '' }).toEqual({ ...absent.body, request_id: '' });
    for (const token of ['owner', 'admin', 'member', 'guest', 'scheduler']) {
      expect(await send('POST', TENANTS, token, { name: 'x', tier: 'trial' })).toMatchObject({ status: 403 });
      expect(await send('PATCH', `${TENANTS}/demo`, token, { name: 'x' })).toMatchObject({ status: 403 });
    }
  });

  test('are listed page by page, undisturbed by new ones', async () => {
    const made = [];
    for (let i = 0; i < 5; i += 1) made.push((await createTenant()).tenant_id);
    const replies = await pages(`${TENANTS}?limit=2`, 'staff', () => createTenant());
    expect(replies.slice(0, -1).every(({ body }) => body.length === 2)).toBe(true);
    const seen = replies.flatMap(({ body }) => body.map(({ tenant_id }: { tenant_id: string }) => tenant_id));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual([...seen].sort());
    expect(made.filter((id) => !seen.includes(id))).toEqual([]);
  });

  test('refuse what is no page', async () => {
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=***', 'cursor=bGlj.', 'nonsense=1']) {
      expect(await send('GET', `${TENANTS}?${query}`, 'staff')).toMatchObject({
        status: 400,
        body: { code: 'invalid_request' },
      });
    }
  });
});

describe('the limit of seats', () => {
  test('holds under 20 licences created at once', async () => {
    const { tenant_id } = await createTenant({ seat_limit: 35 });
    const replies = await Promise.all(Array.from({ length: 20 }, () => license(tenant_id, 5)));
    expect(tally(replies)).toEqual({ 201: 7, 409: 13 });
    expect(replies.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'seat_limit_exceeded' });
    expect((await send('GET', `${TENANTS}/${tenant_id}`, 'staff')).body.seats_allotted).toBe(35);
    expect((await send('GET', `${LICENSES}?tenant_id=${tenant_id}`, 'staff')).body).toHaveLength(7);
  });

  test('holds when licences grow, and follows when they shrink', async () => {
    const { tenant_id } = await createTenant({ seat_limit: 10 });
    const first = (await license(tenant_id, 4)).body.license_id;
    await license(tenant_id, 4);
    const resize = (max_seats: number) => send('PATCH', `${LICENSES}/${first}`, 'staff', { max_seats });
    expect(await resize(7)).toMatchObject({ status: 409, body: { code: 'seat_limit_exceeded', seat_limit: 10 } });
    expect(await resize(6)).toMatchObject({ status: 200, body: { max_seats: 6 } });
    expect(await license(tenant_id, 1)).toMatchObject({ status: 409 });
    expect(await resize(1)).toMatchObject({ status: 200, body: { max_seats: 1 } });
    expect(await license(tenant_id, 5)).toMatchObject({ status: 201 });
    const limit = (seat_limit: number | null) => send('PATCH', `${TENANTS}/${tenant_id}`, 'staff', { seat_limit });
    expect(await limit(9)).toMatchObject({ status: 409, body: { code: 'seat_limit_exceeded' } });
    expect(await limit(null)).toMatchObject({ status: 200, body: { seat_limit: null, seats_allotted: 10 } });
    expect(await license(tenant_id, 50)).toMatchObject({ status: 201 });
  });

  test('a suspended licence keeps its share', async () => {
    const { tenant_id } = await createTenant({ seat_limit: 2 });
    const { license_id } = (await license(tenant_id, 2)).body;
    await send('PATCH', `${LICENSES}/${license_id}`, 'staff', { status: 'suspended' });
    expect(await license(tenant_id, 1)).toMatchObject({ status: 409 });
  });

  test('a licence of no tenant is not made', async () => {
    expect(await license('ten_000000000000', 1)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await license('other', 1, 'owner')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});

describe('when an answer of Firestore is lost', () => {
  test.each(['UNAVAILABLE', 'ABORTED'])('%s: a licence is made once, with one record', async (code) => {
    const { tenant_id } = await createTenant({ seat_limit: 3 });
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code, times: 1, lost: true });
    const reply = await license(tenant_id, 3);
    expect(reply.status).toBe(201);
    expect((await send('GET', `${TENANTS}/${tenant_id}`, 'staff')).body.seats_allotted).toBe(3);
    expect((await send('GET', `${LICENSES}?tenant_id=${tenant_id}`, 'staff')).body).toHaveLength(1);
    const { body } = await send('GET', `${AUDIT}?license_id=${reply.body.license_id}`, 'staff');
    expect(body).toHaveLength(1);
  });

  test('a commit that never arrived is sent again', async () => {
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 2 });
    const { tenant_id } = await createTenant();
    expect((await send('GET', `${AUDIT}?tenant_id=${tenant_id}`, 'staff')).body).toHaveLength(1);
  });

  test('for good: 503, and nothing is left behind', async () => {
    const { tenant_id } = await createTenant({ seat_limit: 3 });
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE' });
    expect(await license(tenant_id, 3)).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
    suite.stack.recorder.forgetFaults();
    expect((await send('GET', `${TENANTS}/${tenant_id}`, 'staff')).body.seats_allotted).toBe(0);
    expect(await license(tenant_id, 3)).toMatchObject({ status: 201 });
  });
});
