import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EXAMPLES } from '#functions/docs/examples/index.ts';
import { SAMPLE } from '#functions/docs/examples/sample.ts';
import { DEMO_TENANT, userOf } from '#local/people.ts';
import { CONTRACT } from '#shared/contract/index.ts';
import type { Route } from '#shared/http/route.ts';
import { handleOf } from '#shared/model/session-id.ts';
import { deliver } from './stripe/events.ts';
import { type Reply, useSuite } from './suite.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into a document of many shapes and assert what they find
type Loose = any;

const suite = useSuite();
let document: Loose;
beforeAll(async () => {
  const invited = { email: 'invited@example.org', role: 'member' };
  await suite.post(`/api/v1/tenants/${DEMO_TENANT}/members/invitations`, invited, 'owner');
  document = (await suite.send('GET', '/api/openapi.json')).body;
});

/** These need a person with an invitation; the tests of invitations send them. */
const OF_INVITED = ['withdrawInvitation', 'acceptInvitation'];

const routes = Object.values(CONTRACT)
  .flat()
  .filter(({ id, pageOnly }) => pageOnly !== true && !OF_INVITED.includes(id));

/** A tenant has ten endpoints at most: each world's is taken away with it. */
afterEach(async () => {
  if (unchanged !== undefined) return;
  const { body } = await suite.send('GET', '/api/v1/webhooks', undefined, 'staff');
  for (const { webhook_id } of body) await suite.send('DELETE', `/api/v1/webhooks/${webhook_id}`, undefined, 'staff');
});

/** What the samples stand for, made afresh: a licence with one session, and a task. */
async function createWorld(): Promise<ReadonlyMap<unknown, unknown>> {
  const { license_id, license_key } = await suite.license(10);
  const about = { user_email: 'a@example.org', hostname: 'a', platform: 'linux', client_version: '1' };
  const acquire = { license_key, hardware_id: 'the-first-machine', ...about };
  const seat = await suite.post('/api/v1/licenses/acquire', acquire);
  const token = await suite.post('/api/v1/licenses/acquire', { ...acquire, token_format: 'jws' });
  const sessions = await suite.send('GET', `/api/v1/licenses/${license_id}/sessions`, undefined, 'owner');
  await suite.post('/api/v1/licenses/acquire', { ...acquire, hardware_id: 'the-second-machine' });
  const keys = await suite.send('GET', `/api/v1/licenses/${license_id}/keys`, undefined, 'owner');
  const borrow = { max_seats: 3 };
  await suite.send('PATCH', `/api/v1/licenses/${license_id}`, { borrow }, 'staff');
  const offered = { self_service: { holders: 'names', release: 'any' } };
  await suite.send('PATCH', `/api/v1/licenses/${license_id}`, offered, 'staff');
  const terms = { label: 'Build farm', reference: 'order 4711', metadata: { salesperson: 'kim' } };
  await suite.send('PATCH', `/api/v1/licenses/${license_id}`, terms, 'staff');
  await suite.send('PUT', `/api/v1/licenses/${license_id}/users/anna%40example.org`, undefined, 'owner');
  const own = { reference: 'customer 1138', metadata: { salesperson: 'kim' } };
  await suite.send('PATCH', `/api/v1/tenants/${DEMO_TENANT}`, own, 'staff');
  const former = await suite.post('/api/v1/tenants', { name: 'Former Ltd', tier: 'trial' }, 'staff');
  const hook = { url: 'http://127.0.0.1:9/hook', events: ['member.changed'], description: 'Example' };
  const webhook = await suite.post('/api/v1/webhooks', hook, 'owner');
  const events = await suite.send('GET', `/api/v1/events?license_id=${license_id}`, undefined, 'owner');
  const task = await suite.post('/api/v1/tasks', { payload: {} }, 'service');
  await suite.post('/internal/sessions/reap', undefined, 'scheduler');
  const portal = await suite.post('/api/v1/portal-sessions', { license_id, role: 'holder' }, 'service');
  return new Map<unknown, unknown>([
    [SAMPLE.license_id, license_id],
    [SAMPLE.license_key, license_key],
    [SAMPLE.key, keys.body[0].key],
    [SAMPLE.session_id, seat.body.session_id],
    [SAMPLE.session, sessions.body[0].session],
    [SAMPLE.uid, userOf(DEMO_TENANT, 'guest').uid],
    [SAMPLE.former_tenant_id, former.body.tenant_id],
    [SAMPLE.webhook_id, webhook.body.webhook_id],
    [SAMPLE.event_id, events.body[0].id],
    [SAMPLE.task_id, task.body.task_id],
    [SAMPLE.portal_token, new URL(portal.body.url).hash.slice(1)],
    [SAMPLE.license_token, token.body.license_token],
    [SAMPLE.signature, seat.body.license_data.signature],
  ]);
}

/** A licence whose seat is taken and for which a machine waits; its ticket is given back by some examples. */
async function createQueue(): Promise<[unknown, unknown][]> {
  const { license_id, license_key } = await suite.license(1);
  await suite.send('PATCH', `/api/v1/licenses/${license_id}`, { queue: { max_length: 10 } }, 'staff');
  const about = { user_email: 'a@example.org', hostname: 'a', platform: 'linux', client_version: '1' };
  await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'holds', ...about });
  const wait = { license_key, hardware_id: 'waits', queue: {}, ...about };
  const { ticket_id } = (await suite.post('/api/v1/licenses/acquire', wait)).body;
  return [
    [SAMPLE.busy_license_id, license_id],
    [SAMPLE.busy_license_key, license_key],
    [SAMPLE.ticket_id, ticket_id],
    [SAMPLE.ticket, handleOf(ticket_id)],
  ];
}

/** Another licence has on its list of users the person that an example erases. */
async function nameFormerUser(): Promise<void> {
  const { license_id } = await suite.license(1);
  await suite.send('PUT', `/api/v1/licenses/${license_id}/users/former%40example.org`, undefined, 'owner');
}

const WITH_QUEUE = ['acquireSeat', 'leaveQueue', 'listQueue', 'removeTicket'];

/** The same value with every sample replaced by what it stands for. */
function inhabit(value: Loose, world: ReadonlyMap<unknown, unknown>): Loose {
  if (Array.isArray(value)) return value.map((one) => inhabit(one, world));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inhabit(one, world)]));
  }
  return world.get(value) ?? value;
}

/** Members whose value does not depend on where and when they are sent. */
const FIXED = /^(valid|reason|code|tier|features|blob_name|content_type|method|algorithm|state|path|message)$/;

/** What must be the same in an example and in an answer: members, types, and what is fixed; of a list, its kinds. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((one) => JSON.stringify(shapeOf(one))))];
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, FIXED.test(name) ? [one, shapeOf(one)] : shapeOf(one)]),
  );
}

/** The caller with the least rights of those that are sure to be enough. */
const callerOf = ({ access }: Route) =>
  (['anyone', 'service', 'owner', 'staff', 'scheduler'] as const).find((one) =>
    access.some((name) => name === one || (name === 'user' && one === 'owner') || name.startsWith(`${one}:`)),
  );

function send(route: Route, name: string, world: ReadonlyMap<unknown, unknown>): Promise<Reply> {
  const spec = document.paths[route.path][route.method.toLowerCase()];
  const parameters: Loose[] = (spec.parameters ?? []).filter(({ example }: Loose) => example !== undefined);
  const values = (place: string): [string, string][] =>
    parameters.filter((one) => one.in === place).map((one) => [one.name, inhabit(one.example, world)]);
  const own = EXAMPLES.get(route.id)?.[name]?.query ?? {};
  const query = new URLSearchParams(values('query').filter(([param]) => param in own));
  const filled = values('path').reduce(
    (path, [param, value]) => path.replace(`{${param}}`, encodeURIComponent(value)),
    route.path,
  );
  const path = query.size === 0 ? filled : `${filled}?${query}`;
  const body = inhabit(spec.requestBody?.content['application/json'].examples[name].value, world);
  // Stripe signs what it sends.
  if (route.id === 'stripeWebhook') return deliver(suite, body);
  const caller = callerOf(route);
  return suite.send(route.method, path, body, caller === 'anyone' ? undefined : caller);
}

interface Documented {
  readonly name: string;
  readonly status: number;
  readonly answer: unknown;
}

/** The examples as the document has them: an answer belongs to the request of the same name. */
function examplesOf(route: Route): Documented[] {
  const spec = document.paths[route.path][route.method.toLowerCase()];
  const answers = Object.entries<Loose>(spec.responses).flatMap(([status, response]) =>
    Object.entries<Loose>(response.content ?? {})
      .filter(([type]) => type !== 'application/problem+json')
      .flatMap(([, content]) => Object.entries<Loose>(content.examples ?? {}))
      .map(([name, { value }]) => ({ name, status: Number(status), answer: value })),
  );
  const requests = Object.keys(spec.requestBody?.content['application/json'].examples ?? {});
  const order = (name: string) => requests.indexOf(name);
  return answers.sort((a, b) => order(a.name) - order(b.name));
}

/** They change nothing of what others look at. */
const ASIDE = [
  ...['signLicense', 'signUrl', 'signUrls', 'verifyLicense', 'lookupLicense', 'listHolders', 'exportPerson'],
  ...['createTenant', 'createLicense', 'createLicenses'],
];
const isAside = ({ method, id }: Route) => method === 'GET' || ASIDE.includes(id);

let unchanged: ReadonlyMap<unknown, unknown> | undefined;
/** The world as it was made: what leaves it so is sent to the same one. */
async function worldFor(route: Route): Promise<ReadonlyMap<unknown, unknown>> {
  unchanged ??= await createWorld();
  const world = unchanged;
  if (!isAside(route)) unchanged = undefined;
  return new Map([...world, ...(WITH_QUEUE.includes(route.id) ? await createQueue() : [])]);
}

/** Those are together, so that few worlds are made. */
const inOrder = [...routes.filter(isAside), ...routes.filter((route) => !isAside(route))];

describe.each(inOrder)('$id', (route) => {
  test('answers its examples as the document says', async () => {
    const world = await worldFor(route);
    if (route.id === 'erasePerson') await nameFormerUser();
    const documented = examplesOf(route);
    const spec = document.paths[route.path][route.method.toLowerCase()];
    const requests = Object.keys(spec.requestBody?.content['application/json'].examples ?? {});
    expect(documented.map(({ name }) => name)).toEqual(
      requests.length > 0 ? requests : documented.map((one) => one.name),
    );
    for (const { name, status, answer } of documented) {
      const reply = await send(route, name, world);
      expect([name, reply.status]).toEqual([name, status]);
      const shape = shapeOf(answer);
      // A list may have others beside those of the example, which other examples made.
      expect(shapeOf(reply.body ?? reply.text)).toEqual(Array.isArray(shape) ? expect.arrayContaining(shape) : shape);
      expect(route.responses[status]?.schema?.safeParse(reply.body ?? reply.text).error).toBeUndefined();
    }
    if (documented.length > 0) return;
    const reply = await send(route, '', world);
    expect(Object.keys(spec.responses)).toContain(String(reply.status));
    expect(reply.status).toBeLessThan(300);
  });
});
