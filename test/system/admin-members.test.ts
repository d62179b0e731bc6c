import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Reply, tally, useSuite } from './suite.ts';

const suite = useSuite();

const members = (tenant: string, uid?: string) =>
  `/api/v1/tenants/${tenant}/members${uid === undefined ? '' : `/${uid}`}`;
const put = (tenant: string, uid: string, role: string, token = 'staff'): Promise<Reply> =>
  suite.send('PUT', members(tenant, uid), { role }, token);
const remove = (tenant: string, uid: string, token = 'staff'): Promise<Reply> =>
  suite.send('DELETE', members(tenant, uid), undefined, token);
const list = async (tenant: string) => (await suite.send('GET', members(tenant), undefined, 'staff')).body;
const find = async (tenant: string, uid: string) =>
  (await list(tenant)).find((member: { uid: string }) => member.uid === uid);

async function tenant(): Promise<string> {
  const { body } = await suite.post('/api/v1/tenants', { name: 'Acme', tier: 'starter' }, 'staff');
  return body.tenant_id;
}

let count = 0;
/** A user who has signed in and belongs to nobody yet. */
function signUp(claims: object = {}): { uid: string; refreshToken: string } {
  count += 1;
  const uid = `user${count}`;
  suite.stack.identity.addUser(uid, `${uid}@example.org`, claims);
  return { uid, refreshToken: suite.stack.identity.signIn(uid) };
}

const tokenAnswer = z.object({
  id_token: z.string().optional(),
  error: z.object({ message: z.string() }).optional(),
});
const lookupAnswer = z.object({ users: z.array(z.object({ customAttributes: z.string() })) });

/** What a signed-in program does before its token ends. */
async function refresh(refreshToken: string): Promise<{ status: number; token: string }> {
  const address = suite.stack.identity.address(suite.stack.administrator);
  const response = await fetch(`http://${address}/securetoken.googleapis.com/v1/token?key=any`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
  });
  const { id_token, error } = tokenAnswer.parse(await response.json());
  return { status: response.status, token: id_token ?? error?.message ?? '' };
}

const mayCreate = async (token: string) =>
  (await suite.post('/api/v1/licenses', { tier: 'trial', max_seats: 1, expires_at: '2099-01-01T00:00:00Z' }, token))
    .status;

describe('a member', () => {
  test('gets rights with the next refresh of the token, and loses them with the sessions', async () => {
    const id = await tenant();
    await put(id, signUp().uid, 'owner');
    const { uid, refreshToken } = signUp();
    expect(await mayCreate((await refresh(refreshToken)).token)).toBe(403);

    const added = await put(id, uid, 'member');
    expect(added).toMatchObject({
      status: 200,
      body: { uid, email: `${uid}@example.org`, role: 'member', pending: false },
    });
    const asMember = (await refresh(refreshToken)).token;
    expect(await mayCreate(asMember)).toBe(403);
    expect((await suite.send('GET', `/api/v1/tenants/${id}`, undefined, asMember)).status).toBe(200);

    await put(id, uid, 'admin');
    const asAdmin = await refresh(refreshToken);
    expect(asAdmin.status).toBe(200);
    expect(await mayCreate(asAdmin.token)).toBe(201);

    await put(id, uid, 'guest');
    expect(await refresh(refreshToken)).toEqual({ status: 400, token: 'TOKEN_EXPIRED' });
    const again = suite.stack.identity.signIn(uid);
    expect(await mayCreate((await refresh(again)).token)).toBe(403);

    expect(await remove(id, uid)).toMatchObject({ status: 204 });
    expect(await find(id, uid)).toBeUndefined();
    expect((await refresh(again)).token).toBe('TOKEN_EXPIRED');
    const stranger = (await refresh(suite.stack.identity.signIn(uid))).token;
    expect((await suite.send('GET', `/api/v1/tenants/${id}`, undefined, stranger)).status).toBe(403);
    expect(await remove(id, uid)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  test('keeps claims of other systems', async () => {
    const id = await tenant();
    const { uid } = signUp({ theme: 'dark' });
    await put(id, uid, 'owner');
    await put(id, signUp().uid, 'owner');
    await remove(id, uid);
    const address = suite.stack.identity.address(suite.stack.administrator);
    const url = `http://${address}/identitytoolkit.googleapis.com/v1/projects/${suite.stack.project.id}/accounts:lookup`;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify({ localId: [uid] }) });
    const { users } = lookupAnswer.parse(await response.json());
    expect(users.map(({ customAttributes }) => JSON.parse(customAttributes))).toEqual([{ theme: 'dark' }]);
  });

  test('of another tenant cannot be taken, nor staff, nor one who is not there: all look the same', async () => {
    const id = await tenant();
    const replies = [
      await put(id, 'demo-member', 'admin'),
      await put(id, 'staff', 'guest'),
      await put(id, 'x', 'guest'),
    ];
    expect(tally(replies)).toEqual({ 404: 3 });
    expect(new Set(replies.map(({ body }) => JSON.stringify({ ...body, request_id: '' }))).size).toBe(1);
    expect(await list(id)).toEqual([]);
  });

  test('as the last owner stays', async () => {
    const id = await tenant();
    const [first, second] = [signUp().uid, signUp().uid];
    await put(id, first, 'owner');
    expect(await put(id, first, 'admin')).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await remove(id, first)).toMatchObject({ status: 409 });
    await put(id, second, 'owner');
    const replies = await Promise.all([remove(id, first), put(id, second, 'guest')]);
    expect(replies.map(({ status }) => status).filter((status) => status === 409)).toHaveLength(1);
    expect((await list(id)).filter(({ role }: { role: string }) => role === 'owner')).toHaveLength(1);
  });
});

describe('who may', () => {
  test('list: staff, owner, admin; change: staff, owner; of their own tenant', async () => {
    const { uid } = signUp();
    const expected = { staff: [200, 200], owner: [200, 200], admin: [200, 403], member: [403, 403], guest: [403, 403] };
    for (const [token, statuses] of Object.entries(expected)) {
      const listed = await suite.send('GET', members('demo'), undefined, token);
      expect([listed.status, (await put('demo', uid, 'guest', token)).status], token).toEqual(statuses);
    }
    for (const reply of [
      await suite.send('GET', members('demo'), undefined, 'other_tenant_owner'),
      await put('demo', uid, 'owner', 'other_tenant_owner'),
      await remove('demo', uid, 'other_tenant_owner'),
    ]) {
      expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    expect((await remove('demo', uid, 'owner')).status).toBe(204);
  });

  test('the list goes page by page', async () => {
    const first = await suite.send('GET', `${members('demo')}?limit=3`, undefined, 'admin');
    expect(first.body.map(({ uid }: { uid: string }) => uid)).toEqual(['demo-admin', 'demo-guest', 'demo-member']);
    const next = /<([^>]+)>/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await suite.send('GET', next, undefined, 'admin');
    expect(second.body).toMatchObject([
      { uid: 'demo-owner', role: 'owner', email: 'owner@demo.example', pending: false },
    ]);
    expect(second.headers.get('link')).toBeNull();
  });
});

describe('when Identity Platform fails', () => {
  const fault = (rest: object) =>
    suite.stack.recorder.inject({ service: 'identity', method: 'update', code: 'INTERNAL', ...rest });

  test('before a right is given: 503, the member is pending without it, and a repeat finishes', async () => {
    const id = await tenant();
    const { uid, refreshToken } = signUp();
    fault({ times: 1 });
    expect(await put(id, uid, 'owner')).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
    expect(await find(id, uid)).toMatchObject({ role: 'owner', pending: true });
    expect(await mayCreate((await refresh(refreshToken)).token)).toBe(403);
    expect(await put(id, uid, 'owner')).toMatchObject({ status: 200, body: { role: 'owner', pending: false } });
    expect(await mayCreate((await refresh(refreshToken)).token)).toBe(201);
  });

  test('with the answer lost, when a member is removed: still listed, and a repeat finishes', async () => {
    const id = await tenant();
    const { uid } = signUp();
    await put(id, signUp().uid, 'owner');
    await put(id, uid, 'admin');
    const refreshToken = suite.stack.identity.signIn(uid);
    fault({ times: 1, lost: true });
    expect(await remove(id, uid)).toMatchObject({ status: 503 });
    expect(await find(id, uid)).toMatchObject({ role: null, pending: true });
    // The claims are gone, but the sessions are not yet: only the repeat ends them.
    expect((await refresh(refreshToken)).status).toBe(200);
    expect(await remove(id, uid)).toMatchObject({ status: 204 });
    expect((await refresh(refreshToken)).token).toBe('TOKEN_EXPIRED');
    expect(await find(id, uid)).toBeUndefined();
  });

  test('every decision and its end are on record', async () => {
    const id = await tenant();
    const { uid } = signUp();
    await put(id, uid, 'owner');
    await put(id, uid, 'owner');
    const { body } = await suite.send('GET', `/api/v1/audit?tenant_id=${id}`, undefined, 'staff');
    expect(body.map(({ action, outcome }: { action: string; outcome: string }) => [action, outcome])).toEqual([
      ['member.put', 'success'],
      ['member.put', 'accepted'],
      ['tenant.create', 'success'],
    ]);
    expect(body[1].details).toEqual({ uid, before: null, after: 'owner' });
  });
});
