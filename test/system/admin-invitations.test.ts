import { describe, expect, test } from 'vitest';
import { createTenant, join, membersOf, signUp } from './people.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();

const invitations = (tenant: string) => `${membersOf(tenant)}/invitations`;
const invite = (tenant: string, email: string, role = 'member', token = 'staff') =>
  suite.post(invitations(tenant), { email, role }, token);
const accept = (invitation: string, token: string) =>
  suite.post('/api/v1/invitations/accept', { token: invitation }, token);

const NOT_FOUND = { status: 404, body: { code: 'not_found' } };

describe('an invitation', () => {
  test('makes a member of whoever has verified the address, once', async () => {
    const id = await createTenant(suite);
    const { uid, email, token } = await signUp(suite);
    const invited = await invite(id, email.toUpperCase(), 'admin');
    expect(invited).toMatchObject({
      status: 201,
      body: { invitation_id: expect.stringMatching(/^inv_[0-9a-f]{32}$/), expires_at: expect.stringMatching(/Z$/) },
    });
    const listed = await suite.send('GET', invitations(id), undefined, 'staff');
    expect(listed.body).toMatchObject([{ email, role: 'admin', invited_by: 'staff' }]);
    expect(listed.text).not.toContain(invited.body.token.split('.')[1]);

    expect((await suite.send('GET', `/api/v1/tenants/${id}`, undefined, token)).status).toBe(403);
    const answer = { status: 200, body: { tenant_id: id, role: 'admin' } };
    expect(await accept(invited.body.token, token)).toMatchObject(answer);
    expect(await accept(invited.body.token, token)).toMatchObject(answer);
    expect((await suite.send('GET', `/api/v1/tenants/${id}`, undefined, token)).status).toBe(200);
    const { body } = await suite.send('GET', membersOf(id), undefined, 'staff');
    expect(body).toMatchObject([{ uid, email, role: 'admin' }]);
    expect((await suite.send('GET', invitations(id), undefined, 'staff')).body).toEqual([]);
  });

  test('is made once for an Idempotency-Key, and the token is shown again', async () => {
    const id = await createTenant(suite);
    const body = { email: 'once@example.org', role: 'guest' };
    const headers = { 'idempotency-key': 'invitation-0123456789' };
    const send = (role = 'guest') => suite.send('POST', invitations(id), { ...body, role }, 'staff', headers);
    const [first, second] = [await send(), await send()];
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(await send('owner')).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
  });

  test('is for nobody else, nor for an address that is not verified', async () => {
    const id = await createTenant(suite);
    const [invited, other] = [await signUp(suite), await signUp(suite)];
    const { body } = await invite(id, invited.email);
    expect(await accept(body.token, other.token)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const { uid, email } = invited;
    const unverified = await suite.stack.issuer.userToken({ uid, email, emailVerified: false });
    expect(await accept(body.token, unverified)).toMatchObject({ status: 403 });
    for (const wrong of ['x', `${body.token}x`, `${body.invitation_id}.${'A'.repeat(43)}`]) {
      expect(await accept(wrong, invited.token)).toMatchObject(NOT_FOUND);
    }
    expect((await accept(body.token, 'service')).status).toBe(403);
    expect((await accept(body.token, invited.token)).status).toBe(200);
  });

  test('ends when it is withdrawn, replaced or a week old', async () => {
    const id = await createTenant(suite);
    const { email, token } = await signUp(suite);
    const [first, second] = [await invite(id, email), await invite(id, email)];
    expect(await accept(first.body.token, token)).toMatchObject(NOT_FOUND);
    const path = `${invitations(id)}/${second.body.invitation_id}`;
    expect((await suite.send('DELETE', path, undefined, 'staff')).status).toBe(204);
    expect(await suite.send('DELETE', path, undefined, 'staff')).toMatchObject(NOT_FOUND);
    expect(await accept(second.body.token, token)).toMatchObject(NOT_FOUND);
    const third = await invite(id, email);
    suite.stack.clock.advance(7 * 86_400);
    expect(await accept(third.body.token, token)).toMatchObject(NOT_FOUND);
  });

  test('opens nothing once its owner has been removed, nor for a member who was', async () => {
    const id = await createTenant(suite);
    await join(suite, id, 'owner');
    const owner = await join(suite, id, 'owner');
    const friend = await signUp(suite);
    const { body } = await invite(id, friend.email, 'owner', owner.token);
    await suite.send('DELETE', membersOf(id, owner.uid), undefined, 'staff');
    expect(await accept(body.token, friend.token)).toMatchObject(NOT_FOUND);

    const back = await signUp(suite);
    const again = await invite(id, back.email);
    await join(suite, id, 'guest', back);
    const open = await invite(id, back.email, 'owner');
    expect((await accept(open.body.token, back.token)).status).toBe(409);
    await suite.send('DELETE', membersOf(id, back.uid), undefined, 'staff');
    for (const { body: old } of [again, open]) expect(await accept(old.token, back.token)).toMatchObject(NOT_FOUND);
  });

  test('is given by staff and owners of the tenant alone', async () => {
    const { email } = await signUp(suite);
    const expected = {
      staff: 201,
      owner: 201,
      admin: 403,
      member: 403,
      guest: 403,
      other_tenant_owner: 404,
      service: 403,
    };
    for (const [token, status] of Object.entries(expected)) {
      expect((await invite('demo', email, 'guest', token)).status, token).toBe(status);
    }
    expect((await invite('demo', 'no address')).status).toBe(400);
    expect(await invite('ten_000000000000', email)).toMatchObject(NOT_FOUND);
  });
});
