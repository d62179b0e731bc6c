import { describe, expect, test } from 'vitest';
import { DEMO_TENANT } from '#local/tokens.ts';
import { createTenant, join, membersOf, signUp } from './people.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();

const exportOf = (email: string, token = 'staff') => suite.post('/api/v1/people/export', { email }, token);
const erase = (email: string, token = 'staff', headers?: Record<string, string>) =>
  suite.send('POST', '/api/v1/people/erase', { email }, token, headers);
const get = (path: string, token = 'staff') => suite.send('GET', path, undefined, token);

/** A person with something in every place: member, invitation, two sessions, of which one was ended, acts of its own. */
async function createTraces(email = `person-${crypto.randomUUID()}@example.org`) {
  const tenant = await createTenant(suite);
  await join(suite, tenant, 'owner');
  const person = await signUp(suite);
  const token = await suite.stack.issuer.userToken({ uid: person.uid, email });
  await join(suite, tenant, 'owner', { ...person, email, token });
  await suite.post(`${membersOf(tenant)}/invitations`, { email: 'friend@example.org', role: 'guest' }, token);
  const other = await createTenant(suite);
  await suite.post(`${membersOf(other)}/invitations`, { email, role: 'guest' }, 'staff');
  const license = await suite.post(
    '/api/v1/licenses',
    { tenant_id: tenant, tier: 'trial', max_seats: 2, expires_at: null },
    'staff',
  );
  const { license_id, license_key } = license.body;
  for (const machine of ['one', 'two']) {
    const about = { user_email: email, hostname: `${machine}-of-${person.uid}.`, platform: 'linux' };
    await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: machine, ...about });
  }
  const sessions = await get(`/api/v1/licenses/${license_id}/sessions`);
  await suite.send('DELETE', `/api/v1/sessions/${sessions.body[0].session}`, undefined, 'staff');
  return { tenant, other, email, token, uid: person.uid, license_id };
}

/** Whatever the routes of administration say about the tenants and the licence. */
async function everything({ tenant, other, license_id }: Awaited<ReturnType<typeof createTraces>>): Promise<string> {
  const paths = [
    ...[tenant, other].flatMap((id) => [
      membersOf(id),
      `${membersOf(id)}/invitations`,
      `/api/v1/audit?tenant_id=${id}`,
    ]),
    `/api/v1/licenses/${license_id}/sessions`,
    `/api/v1/audit?actor=staff&limit=100`,
  ];
  return (await Promise.all(paths.map((path) => get(path)))).map(({ text }) => text).join('\n');
}

describe('an export', () => {
  test('has all that is kept of the person, and is on record', async () => {
    const traces = await createTraces();
    const { tenant, other, email, uid, license_id } = traces;
    const { status, body } = await exportOf(email);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ email, complete: true },
      users: [{ uid, staff: false, tenants: { [tenant]: 'owner' } }],
      memberships: [{ tenant_id: tenant, uid, role: 'owner' }],
      sessions: [{ license_id, tenant_id: tenant, user_email: email, platform: 'linux' }],
    });
    expect(body.invitations).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ tenant_id: other, accepted: false }),
        expect.objectContaining({ tenant_id: tenant, accepted: true }),
      ]),
    );
    const actions = body.audit.map(({ action }: { action: string }) => action);
    expect(new Set(actions)).toEqual(new Set(['member.invite', 'member.accept', 'session.release']));
    expect((await exportOf(email.toUpperCase())).body.users).toMatchObject([{ uid }]);
    const { body: acts } = await get('/api/v1/audit?action=person.export');
    expect(acts).toMatchObject([{ actor: { id: 'staff' } }, { details: { email } }]);
  });

  test('of somebody unknown is empty, and nobody but the vendor asks', async () => {
    expect((await exportOf('nobody@example.org')).body).toMatchObject({ users: [], sessions: [], audit: [] });
    for (const token of ['owner', 'admin', 'scheduler']) {
      expect((await exportOf('nobody@example.org', token)).status).toBe(403);
      expect((await erase('nobody@example.org', token)).status).toBe(403);
    }
    expect((await exportOf('nobody@example.org', 'service')).status).toBe(200);
    expect((await exportOf('no address')).status).toBe(400);
  });
});

describe('an erasure', () => {
  test('replaces the address everywhere, and keeps the records', async () => {
    const traces = await createTraces();
    const before = await everything(traces);
    expect(before).toContain(traces.email);
    const { status, body } = await erase(traces.email);
    expect(status).toBe(200);
    expect(body).toEqual({
      erased: {
        ...{ users: 1, members: 1, invitations: 2, sessions: 1, denials: 0, waiting: 0, audit_records: 5 },
        ...{ named_users: 0, keys: 0 },
      },
      member_of: [traces.tenant],
      user_of: [],
    });
    const after = await everything(traces);
    expect(after).not.toContain(traces.email);
    expect(before).toContain(`-of-${traces.uid}.`);
    expect(after).not.toContain(`-of-${traces.uid}.`);
    const records = (text: string) => text.match(/"audit_id"/g)?.length ?? 0;
    expect(records(after)).toBe(records(before) + 1); // the act's own
    const members = await get(membersOf(traces.tenant));
    expect(members.body).toContainEqual(expect.objectContaining({ uid: traces.uid, email: 'erased', role: 'owner' }));
    const left = (await exportOf(traces.email)).body;
    expect(left).toMatchObject({ users: [], memberships: [], invitations: [], sessions: [], audit: [] });
    // Rights are another matter than records.
    expect((await get(`/api/v1/tenants/${traces.tenant}`, traces.token)).status).toBe(200);
  });

  test('leaves others alone, and finds other spellings', async () => {
    // Sent in one spelling and asked for in another.
    const name = crypto.randomUUID();
    const email = `Mixed.Jo.${name}@Example.org`;
    const [traces, others] = [await createTraces(email), await createTraces()];
    const untouched = (await exportOf(others.email)).body;
    const other = `MIXED.jO.${name}@eXample.org`;
    expect((await exportOf(other)).body).toMatchObject({
      users: [{ uid: traces.uid }],
      sessions: [{ user_email: email }],
    });
    expect((await erase(other)).body.erased).toMatchObject({ users: 1, sessions: 1, audit_records: 6 });
    expect((await everything(traces)).toLowerCase()).not.toContain(name);
    expect({ ...(await exportOf(others.email)).body, exported_at: '' }).toMatchObject({
      users: untouched.users,
      sessions: untouched.sessions,
    });
  });

  test('finds the person in lists of named users and in keys of their own', async () => {
    const [email, other] = [`Ö.${crypto.randomUUID()}@example.org`, `other-${crypto.randomUUID()}@example.org`];
    const terms = { tenant_id: DEMO_TENANT, tier: 'trial', max_seats: 3, expires_at: null };
    const named = { ...terms, lease_per: 'user', named_users: true };
    const { license_id: id } = (await suite.post('/api/v1/licenses', named, 'staff')).body;
    const { license_id: archived } = (await suite.post('/api/v1/licenses', terms, 'staff')).body;
    const users = `/api/v1/licenses/${id}/users`;
    const keys = `/api/v1/licenses/${id}/keys`;
    for (const address of [email, other]) {
      expect((await suite.send('PUT', `${users}/${encodeURIComponent(address)}`, {}, 'staff')).status).toBe(200);
    }
    const key = async (path: string, user_email: string) =>
      (await suite.post(path, { user_email, label: `Laptop of ${user_email}`, keep: true }, 'staff')).body;
    const [own, theirs] = [await key(keys, email), await key(keys, other)];
    await key(`/api/v1/licenses/${archived}/keys`, email);
    await suite.send('DELETE', `/api/v1/licenses/${archived}`, undefined, 'staff');
    const held = { license_key: own.license_key, hardware_id: 'laptop' };
    const session = (await suite.post('/api/v1/licenses/acquire', held)).body.session_id;

    const found = (await exportOf(email.normalize('NFD').toUpperCase())).body;
    expect(found).toMatchObject({ named_users: [{ license_id: id }], sessions: [{ license_id: id }] });
    expect(found.named_users[0].last_acquired_at).not.toBeNull();
    expect(found.keys).toHaveLength(2);
    expect(found.keys).toContainEqual(expect.objectContaining({ license_id: id, key: own.key, label: own.label }));

    const { body } = await erase(email);
    expect(body).toMatchObject({ erased: { named_users: 1, keys: 2, sessions: 1 }, user_of: [id] });
    const paths = [users, keys, `/api/v1/licenses/${id}/sessions`, `/api/v1/audit?license_id=${id}`];
    const left = (await Promise.all(paths.map((path) => get(path)))).map(({ text }) => text).join('\n');
    expect(left.normalize('NFC').toLowerCase()).not.toContain(email.toLowerCase());
    expect(left).toContain(other);
    // The key ended with the address that it proved; whoever works goes on, and others' keys work.
    expect((await suite.post('/api/v1/licenses/acquire', held)).status).toBe(404);
    expect((await suite.post('/api/v1/licenses/heartbeat', { session_id: session })).status).toBe(200);
    const others = { license_key: theirs.license_key, hardware_id: 'other' };
    expect((await suite.post('/api/v1/licenses/acquire', others)).status).toBe(201);

    expect((await exportOf(email)).body).toMatchObject({ named_users: [], keys: [], sessions: [], audit: [] });
    expect((await erase(email)).body).toMatchObject({ erased: { named_users: 0, keys: 0 }, user_of: [] });
    // An administrator who adds the person again has the address back on the list.
    const again = await suite.send('PUT', `${users}/${encodeURIComponent(email)}`, {}, 'staff');
    expect(again.body).toMatchObject({ email: email.toLowerCase() });
  });

  test('finds machines that wait for a seat, which keep their places', async () => {
    const email = `Wait.${crypto.randomUUID()}@Example.org`;
    const terms = { tenant_id: DEMO_TENANT, tier: 'trial', max_seats: 1, expires_at: null, queue: { max_length: 10 } };
    const { license_id: id, license_key } = (await suite.post('/api/v1/licenses', terms, 'staff')).body;
    const ask = (machine: string, user_email: string) =>
      suite.post('/api/v1/licenses/acquire', {
        ...{ license_key, hardware_id: machine, user_email, hostname: `host-of-${machine}` },
        queue: { max_wait_seconds: 3_600 },
      });
    const held = await ask('first', 'first@example.org');
    expect((await ask('second', email)).body).toMatchObject({ position: 1 });
    expect((await ask('third', 'third@example.org')).body).toMatchObject({ position: 2 });

    expect((await exportOf(email.toUpperCase())).body).toMatchObject({
      waiting: [{ license_id: id, user_email: email, hostname: 'host-of-second' }],
      sessions: [],
    });
    expect((await erase(email)).body.erased).toMatchObject({ waiting: 1, sessions: 0 });
    const queue = await get(`/api/v1/licenses/${id}/queue`);
    expect(queue.text.toLowerCase()).not.toContain(email.toLowerCase());
    expect(queue.body).toMatchObject([
      { user_email: 'erased', hostname: 'erased', position: 1 },
      { user_email: 'third@example.org', hostname: 'host-of-third', position: 2 },
    ]);
    // A poll does not bring the name back, and the machine is still the next.
    expect((await ask('second', email)).body).toMatchObject({ position: 1 });
    expect((await get(`/api/v1/licenses/${id}/queue`)).body).toMatchObject([{ user_email: 'erased' }, {}]);
    await suite.post('/api/v1/licenses/release', { session_id: held.body.session_id });
    expect((await ask('second', email)).status).toBe(201);
    expect((await erase(email)).body.erased).toMatchObject({ waiting: 0, sessions: 1 });
  });

  test('goes on where it was interrupted, whichever call fails', async () => {
    const calls = ['RunQuery', 'Commit', 'BatchWrite', 'BatchGetDocuments'];
    for (const [index, method] of calls.entries()) {
      const traces = await createTraces();
      for (let times = 1; times <= 3; times += 1) {
        suite.stack.recorder.inject({ service: 'firestore', method, code: 'INTERNAL', times, lost: index % 2 === 0 });
        const { status } = await erase(traces.email);
        expect([200, 500, 503]).toContain(status);
        suite.stack.recorder.forgetFaults();
      }
      expect((await erase(traces.email)).status).toBe(200);
      expect(await everything(traces)).not.toContain(traces.email);
    }
  }, 120_000);

  test('repeated with its Idempotency-Key gives the first answer', async () => {
    const traces = await createTraces();
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const first = await erase(traces.email, 'staff', headers);
    expect((await erase(traces.email, 'staff', headers)).body).toEqual(first.body);
    expect((await erase('other@example.org', 'staff', headers)).status).toBe(409);
    expect((await erase(traces.email)).body.erased).toMatchObject({ users: 0, sessions: 0 });
  });
});
