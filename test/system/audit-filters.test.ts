import { beforeAll, expect, test } from 'vitest';
import { handleOf } from '#shared/model/session-id.ts';
import { type Reply, useSuite } from './suite.ts';

const suite = useSuite();

const LICENSES = '/api/v1/licenses';
const ask = (query: Record<string, string>, token = 'staff') =>
  suite.send('GET', `/api/v1/audit?${new URLSearchParams(query)}`, undefined, token);
const actions = ({ body }: Reply): string[] => body.map(({ action }: { action: string }) => action);

let license_id: string;
let session: string;
beforeAll(async () => {
  const made = await suite.license(2);
  license_id = made.license_id;
  const acquire = { license_key: made.license_key, hardware_id: 'm' };
  session = handleOf((await suite.post(`${LICENSES}/acquire`, acquire)).body.session_id);
  suite.stack.clock.advance(10);
  await suite.send('PATCH', `${LICENSES}/${license_id}`, { label: 'a' }, 'owner');
  await suite.send('PATCH', `${LICENSES}/${license_id}`, { label: 'b' }, 'service');
  suite.stack.clock.advance(10);
  await suite.send('DELETE', `/api/v1/sessions/${session}`, undefined, 'admin');
  await suite.post(`${LICENSES}/${license_id}/keys`, { keep: true }, 'owner');
});

const ALL = ['license.create_key', 'session.release', 'license.change', 'license.change', 'license.create'];

test('by licence, by session, by action, and by several at once', async () => {
  expect(actions(await ask({ license_id }))).toEqual(ALL);
  expect(actions(await ask({ session }))).toEqual(['session.release']);
  expect(actions(await ask({ license_id, action: 'license.change' }))).toEqual(['license.change', 'license.change']);
  expect(actions(await ask({ license_id, session, action: 'session.release' }))).toEqual(['session.release']);
  expect(actions(await ask({ license_id, session, action: 'license.change' }))).toEqual([]);
});

test('by who did it: the id or the email, of people and of services', async () => {
  const records = (await ask({ license_id })).body;
  for (const kind of ['user', 'service', 'staff']) {
    const { actor } = records.find((record: { actor: { kind: string } }) => record.actor.kind === kind);
    for (const name of [actor.id, actor.email, actor.email.toUpperCase()]) {
      const found = (await ask({ license_id, actor: name })).body;
      expect(found).not.toHaveLength(0);
      expect(found.every((record: { actor: { id: string } }) => record.actor.id === actor.id)).toBe(true);
    }
  }
  expect(actions(await ask({ license_id, actor: 'nobody@example.org' }))).toEqual([]);
});

test('since a moment, that moment included, in any zone', async () => {
  const records = (await ask({ license_id })).body;
  const [, , middle] = records;
  expect(actions(await ask({ license_id, since: middle.at }))).toEqual(ALL.slice(0, 3));
  const inAnotherZone = new Date(Date.parse(middle.at) + 2 * 3_600_000).toISOString().replace('Z', '+02:00');
  expect(actions(await ask({ license_id, since: inAnotherZone }))).toEqual(ALL.slice(0, 3));
  const after = new Date(Date.parse(records[0].at) + 1).toISOString();
  expect(actions(await ask({ license_id, since: after }))).toEqual([]);
});

test('page by page with all filters', async () => {
  const seen: string[] = [];
  let next: string | undefined = `/api/v1/audit?license_id=${license_id}&action=license.change&limit=1`;
  for (let pages = 0; next !== undefined && pages < 10; pages += 1) {
    const reply: Reply = await suite.send('GET', next, undefined, 'owner');
    expect(reply.status).toBe(200);
    seen.push(...actions(reply));
    next = /^<([^>]+)>; rel="next"$/.exec(reply.headers.get('link') ?? '')?.[1];
  }
  expect(seen).toEqual(['license.change', 'license.change']);
});

test.each([
  ['license', 'x'],
  ['session_id', 'x'],
  ['session', 'not a handle'],
  ['since', 'yesterday'],
  ['since', '2026-01-01'],
  ['since', '2026-02-30T00:00:00Z'],
  ['since', '9999-12-31T23:59:59Z'],
  ['limit', '0'],
  ['cursor', '!'],
])('what is no filter, or no value of one, is refused: %s=%s', async (name, value) => {
  expect(await ask({ [name]: value })).toMatchObject({ status: 400, body: { errors: [{ path: name }] } });
});

test('of another tenant there is nothing to find', async () => {
  for (const filter of [{ license_id }, { session }, { actor: 'demo-admin' }] as Record<string, string>[]) {
    expect(await ask(filter, 'other_tenant_owner')).toMatchObject({ status: 200, body: [] });
  }
});
