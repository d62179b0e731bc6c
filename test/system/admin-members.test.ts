import { describe, expect, test } from 'vitest';
import { userOf } from '#local/people.ts';
import { createTenant, join, membersOf, signUp } from './people.ts';
import { tally, useSuite } from './suite.ts';

const suite = useSuite();

const put = (tenant: string, uid: string, role: string, token = 'staff') =>
  suite.send('PUT', membersOf(tenant, uid), { role }, token);
const remove = (tenant: string, uid: string, token = 'staff') =>
  suite.send('DELETE', membersOf(tenant, uid), undefined, token);
const list = async (tenant: string): Promise<{ uid: string; role: string }[]> =>
  (await suite.send('GET', membersOf(tenant), undefined, 'staff')).body;
const get = (path: string, token: string, headers?: Record<string, string>) =>
  suite.send('GET', path, undefined, token, headers);
const ofTenant = (tenant: string) => `/api/v1/tenants/${tenant}`;
const owners = async (tenant: string) => (await list(tenant)).filter(({ role }) => role === 'owner');

describe('whoever has signed in', () => {
  test('sees who that is, and the role in each tenant', async () => {
    const [one, another] = [await createTenant(suite), await createTenant(suite)];
    const { uid, email, token } = await join(suite, one, 'guest');
    await join(suite, another, 'owner', { uid, email, token });
    const tenants = [
      { tenant_id: one, name: 'Acme', role: 'guest' },
      { tenant_id: another, name: 'Acme', role: 'owner' },
    ].sort((a, b) => (a.tenant_id < b.tenant_id ? -1 : 1));
    expect((await get('/api/v1/me', token)).body).toEqual({ uid, email, email_verified: true, staff: false, tenants });
    await remove(one, uid);
    expect((await get('/api/v1/me', token)).body.tenants).toMatchObject([{ tenant_id: another, role: 'owner' }]);
    expect((await get('/api/v1/me', 'staff')).body).toMatchObject({ staff: true, tenants: [] });
  });

  test('and belongs nowhere yet, sees that', async () => {
    const { token } = await signUp(suite);
    expect(await get('/api/v1/me', token)).toMatchObject({ status: 200, body: { staff: false, tenants: [] } });
  });
});

describe('a member', () => {
  test('has the role that the document says, from the next request on', async () => {
    const id = await createTenant(suite);
    await join(suite, id, 'owner');
    const { uid, token, email } = await join(suite, id, 'guest');
    expect((await get(membersOf(id), token)).status).toBe(403);
    expect(await put(id, uid, 'admin')).toMatchObject({ status: 200, body: { uid, email, role: 'admin' } });
    expect((await get(membersOf(id), token)).status).toBe(200);
    expect((await put(id, uid, 'guest')).status).toBe(200);
    expect((await get(membersOf(id), token)).status).toBe(403);
  });

  test('who is removed has nothing any more, with a token that is still good', async () => {
    const id = await createTenant(suite);
    const owner = await join(suite, id, 'owner');
    const { uid, token } = await join(suite, id, 'owner');
    expect((await remove(id, uid, owner.token)).status).toBe(204);
    for (const path of [ofTenant(id), '/api/v1/tenants', '/api/v1/licenses', '/api/v1/audit', membersOf(id)]) {
      expect(await get(path, token), path).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect((await put(id, uid, 'owner', token)).status).toBe(403);
    expect((await remove(id, owner.uid, token)).status).toBe(403);
    expect(await remove(id, uid)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  test('is nobody who was not invited: PUT makes no member', async () => {
    const id = await createTenant(suite);
    const owner = await join(suite, id, 'owner');
    const { uid } = await signUp(suite);
    for (const stranger of [uid, 'demo-member', 'staff', '__x__', 'x'.repeat(200)]) {
      expect(await put(id, stranger, 'owner', owner.token), stranger).toMatchObject({ status: 404 });
    }
    expect(await list(id)).toHaveLength(1);
  });

  test('as the last owner stays', async () => {
    const id = await createTenant(suite);
    const first = await join(suite, id, 'owner');
    expect(await put(id, first.uid, 'admin')).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await remove(id, first.uid, first.token)).toMatchObject({ status: 409 });
    const second = await join(suite, id, 'owner');
    const replies = await Promise.all([remove(id, first.uid), put(id, second.uid, 'guest')]);
    expect(replies.map(({ status }) => status).filter((status) => status === 409)).toHaveLength(1);
    expect(await owners(id)).toHaveLength(1);
  });

  test('claims in a token give nothing', async () => {
    const claims = { tenant_id: 'demo', role: 'owner', staff: true };
    const token = await suite.stack.issuer.userToken({ uid: 'claimant', email: 'c@example.org', claims });
    expect(tally([await get('/api/v1/licenses', token), await get(ofTenant('demo'), token)])).toEqual({ 403: 2 });
  });
});

describe('a member of several tenants', () => {
  test('names the one to act in, and sees all of them in the list', async () => {
    const [one, two] = [await createTenant(suite), await createTenant(suite)];
    const person = await join(suite, one, 'owner');
    await join(suite, two, 'guest', person);
    const inTenant = (tenant: string) => ({ 'countersign-tenant': tenant });
    const unnamed = await get('/api/v1/licenses', person.token);
    expect(unnamed).toMatchObject({ status: 400, body: { errors: [{ path: 'Countersign-Tenant' }] } });
    expect((await get('/api/v1/licenses', person.token, inTenant(two))).status).toBe(200);
    expect((await get('/api/v1/audit', person.token, inTenant(one))).status).toBe(200);
    expect((await get('/api/v1/audit', person.token, inTenant(two))).status).toBe(403);
    expect((await get('/api/v1/licenses', person.token, inTenant('demo'))).status).toBe(403);
    expect((await get(membersOf(one), person.token)).status).toBe(200);
    expect((await get(membersOf(two), person.token)).status).toBe(403);
    expect((await get(ofTenant(two), person.token, inTenant(one))).status).toBe(404);
    const { body } = await get('/api/v1/tenants', person.token);
    expect(body.map(({ tenant_id }: { tenant_id: string }) => tenant_id)).toEqual([one, two].sort());
    await remove(one, person.uid).then(({ status }) => expect(status).toBe(409));
  });
});

describe('staff', () => {
  const staff = { uid: 'staff', email: 'staff@countersign.example' };

  test('sign in anew, however often their token is renewed; others need not', async () => {
    const { issuer, environment } = suite.stack;
    const hours = Number(environment('admin')['STAFF_SIGN_IN_MINUTES']) / 60;
    const authTime = Math.floor(Date.now() / 1000) - hours * 3600;
    const signedIn = (seconds: number) =>
      issuer.userToken({ ...staff, secondFactor: true, authTime: authTime + seconds });
    expect((await get('/api/v1/tenants', await signedIn(120))).status).toBe(200);
    const { status, body } = await get('/api/v1/tenants', await signedIn(-120));
    expect([status, body.code]).toEqual([401, 'unauthenticated']);
    const owner = await issuer.userToken({ ...userOf('demo', 'owner'), authTime: 1 });
    expect((await get('/api/v1/tenants', owner)).status).toBe(200);
  });

  test('need a second factor and a verified address', async () => {
    const { stack } = suite;
    const weak = [
      await stack.issuer.userToken(staff),
      await stack.issuer.userToken({ ...staff, secondFactor: true, emailVerified: false }),
    ];
    for (const token of weak) expect(await get('/api/v1/tenants', token)).toMatchObject({ status: 403 });
    expect((await get('/api/v1/tenants', 'staff')).status).toBe(200);
  });
});

describe('who may', () => {
  test('list: staff, owner, admin; change: staff, owner; of their own tenant', async () => {
    const { uid } = await join(suite, 'demo', 'guest');
    const expected = { staff: [200, 200], owner: [200, 200], admin: [200, 403], member: [403, 403], guest: [403, 403] };
    for (const [token, statuses] of Object.entries(expected)) {
      const listed = await get(membersOf('demo'), token);
      expect([listed.status, (await put('demo', uid, 'guest', token)).status], token).toEqual(statuses);
    }
    for (const reply of [
      await get(membersOf('demo'), 'other_tenant_owner'),
      await put('demo', uid, 'owner', 'other_tenant_owner'),
      await remove('demo', uid, 'other_tenant_owner'),
    ]) {
      expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    expect((await remove('demo', uid, 'owner')).status).toBe(204);
  });

  test('the list goes page by page', async () => {
    const first = await get(`${membersOf('demo')}?limit=3`, 'admin');
    expect(first.body.map(({ uid }: { uid: string }) => uid)).toEqual(['demo-admin', 'demo-guest', 'demo-member']);
    const next = /<([^>]+)>/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await get(next, 'admin');
    expect(second.body).toMatchObject([{ uid: 'demo-owner', role: 'owner', email: 'owner@demo.example' }]);
    expect(second.headers.get('link')).toBeNull();
  });
});

test('every act is on record, once, also when the answer of Firestore is lost', async () => {
  const id = await createTenant(suite);
  const owner = await join(suite, id, 'owner');
  suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 1, lost: true });
  const { uid } = await join(suite, id, 'guest');
  suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 1, lost: true });
  expect((await remove(id, uid, owner.token)).status).toBe(204);
  const { body } = await get(`/api/v1/audit?tenant_id=${id}`, 'staff');
  expect(body.map(({ action }: { action: string }) => action)).toEqual([
    'member.remove',
    'member.accept',
    'member.invite',
    'member.accept',
    'member.invite',
    'tenant.create',
  ]);
  expect(body[0].details).toEqual({ uid, before: 'guest', after: null });
});
