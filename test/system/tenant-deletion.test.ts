import { describe, expect, test } from 'vitest';
import { createTenant, join, membersOf, signUp } from './people.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();

const TENANTS = '/api/v1/tenants';
const path = (tenant: string) => `${TENANTS}/${tenant}`;
const remove = (tenant: string, token = 'staff') => suite.send('DELETE', path(tenant), undefined, token);
const get = (url: string, token = 'staff', headers?: Record<string, string>) =>
  suite.send('GET', url, undefined, token, headers);
const sell = async (tenant_id: string): Promise<string> => {
  const wanted = { tenant_id, tier: 'trial', max_seats: 1, expires_at: null };
  return (await suite.post('/api/v1/licenses', wanted, 'staff')).body.license_id;
};

describe('deleting a tenant', () => {
  test('takes its members, their rights and its invitations along', async () => {
    const [id, other] = [await createTenant(suite), await createTenant(suite)];
    const owner = await join(suite, id, 'owner');
    const both = await join(suite, id, 'guest');
    await join(suite, other, 'owner', both);
    const invited = await signUp(suite);
    const wanted = { email: invited.email, role: 'guest' };
    const { body } = await suite.post(`${membersOf(id)}/invitations`, wanted, 'staff');

    expect((await remove(id)).status).toBe(204);
    expect(await get(path(id))).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await remove(id)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await get(membersOf(id))).toMatchObject({ status: 404 });
    expect(await get(TENANTS, owner.token)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await get(TENANTS, both.token)).body).toMatchObject([{ tenant_id: other }]);
    expect((await get(path(other), both.token)).status).toBe(200);
    const accepted = await suite.post('/api/v1/invitations/accept', { token: body.token }, invited.token);
    expect(accepted).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await suite.post(`${membersOf(id)}/invitations`, wanted, 'staff')).toMatchObject({ status: 404 });
    const { body: records } = await get(`/api/v1/audit?tenant_id=${id}&action=tenant.delete`);
    expect(records).toMatchObject([
      {
        actor: { id: 'staff' },
        details: {
          name: 'Acme',
          members: expect.arrayContaining([
            { uid: owner.uid, role: 'owner' },
            { uid: both.uid, role: 'guest' },
          ]),
        },
      },
    ]);
  });

  test('is refused while a licence is not archived, suspended or ended as it may be', async () => {
    const id = await createTenant(suite);
    const license = await sell(id);
    await suite.send('PATCH', `/api/v1/licenses/${license}`, { status: 'suspended' }, 'staff');
    expect(await remove(id)).toMatchObject({ status: 409, body: { code: 'conflict', license_id: license } });
    await suite.send('DELETE', `/api/v1/licenses/${license}`, undefined, 'staff');
    expect((await remove(id)).status).toBe(204);
    expect((await get(`/api/v1/licenses/${license}`)).body).toMatchObject({ status: 'archived', tenant_id: id });
  });

  test('happens once when the answer of Firestore is lost', async () => {
    const id = await createTenant(suite);
    await join(suite, id, 'owner');
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 1, lost: true });
    expect((await remove(id)).status).toBe(204);
    expect((await get(`/api/v1/audit?tenant_id=${id}&action=tenant.delete`)).body).toHaveLength(1);
  });

  test('and whatever is added at the same moment: it exists in a tenant, or not at all', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await createTenant(suite);
      const person = await signUp(suite);
      const wanted = { email: person.email, role: round % 2 === 0 ? 'guest' : 'owner' };
      const { body } = await suite.post(`${membersOf(id)}/invitations`, wanted, 'staff');
      const license = { tenant_id: id, tier: 'trial', max_seats: 1, expires_at: null };
      const [deleted, sold, joined] = await Promise.all([
        remove(id),
        suite.post('/api/v1/licenses', license, 'staff'),
        suite.post('/api/v1/invitations/accept', { token: body.token }, person.token),
      ]);
      expect([deleted.status, sold.status]).toSatisfy(([a, b]) => (a === 204 && b === 404) || (a === 409 && b === 201));
      expect([200, 404]).toContain(joined.status);
      const isMember = deleted.status === 409 && joined.status === 200;
      expect((await get(path(id), person.token)).status).toBe(isMember ? 200 : 403);
    }
  });
});

describe('the list of tenants', () => {
  test('is searched by the beginning of name, reference or id, and by the whole reference', async () => {
    const make = async (name: string, reference: string | null) =>
      (
        await suite.post(
          TENANTS,
          { name, tier: 'trial', reference, metadata: { __proto__x: [1, { '': null }] } },
          'staff',
        )
      ).body.tenant_id as string;
    const zebra = await make('Zebra Ltd', 'crm-77');
    const zoo = await make('Zoo Inc', 'crm-777');
    const found = async (query: string, token = 'staff') =>
      (await get(`${TENANTS}?${query}`, token)).body.map(({ tenant_id }: { tenant_id: string }) => tenant_id).sort();
    expect(await found('q=zEB')).toEqual([zebra]);
    expect(await found('q=CRM-77')).toEqual([zebra, zoo].sort());
    expect(await found(`q=${zoo}`)).toEqual([zoo]);
    expect(await found('reference=crm-77')).toEqual([zebra]);
    expect(await found('reference=crm-77&q=zoo')).toEqual([]);
    expect(await found('q=zebra', 'owner')).toEqual([]);
    expect(await found('q=demo', 'owner')).toEqual(['demo']);
    expect((await get(`${TENANTS}?tier=trial`)).status).toBe(400);
    const page = await get(`${TENANTS}?q=z&limit=1`);
    expect(page.headers.get('link')).toContain('q=z');
    expect(await found(`q=z&limit=1&cursor=${page.headers.get('x-next-cursor')}`)).toHaveLength(1);
  });

  test('keeps metadata as it was sent; reference and metadata are for the vendor and owners', async () => {
    const metadata = '{"__proto__":{"a":1},"a.b":"`","a_at":9007199254740991,"toJSON":"x","":[[1],[null]],"😀":true}';
    const made = await suite.post(
      TENANTS,
      `{"name":"M","tier":"trial","reference":"r","metadata":${metadata}}`,
      'staff',
    );
    expect(made.status).toBe(201);
    expect(JSON.stringify(made.body.metadata)).toBe(metadata);
    const id = made.body.tenant_id;
    const [owner, guest] = [await join(suite, id, 'owner'), await join(suite, id, 'guest')];
    expect(JSON.stringify((await get(path(id), owner.token)).body.metadata)).toBe(metadata);
    expect((await get(path(id), guest.token)).body).not.toHaveProperty('metadata');
    expect((await get(path(id), guest.token)).body).not.toHaveProperty('reference');
    const changed = await suite.send('PATCH', path(id), { metadata: {}, reference: null }, 'staff');
    expect(changed.body).toMatchObject({ metadata: {}, reference: null, name: 'M' });
    const { body } = await get(`/api/v1/audit?tenant_id=${id}&action=tenant.change`);
    expect(JSON.stringify(body[0].details.before.metadata)).toBe(metadata);
    for (const wrong of [{ metadata: [] }, { metadata: { a: 'x'.repeat(5000) } }, { reference: 'x'.repeat(201) }]) {
      expect(await suite.send('PATCH', path(id), wrong, 'staff')).toMatchObject({ status: 400 });
    }
  });
});
