import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { admin } from '#functions/admin/index.ts';
import { webhookDelivery } from '#functions/webhook-delivery/index.ts';
import { listen, shut } from '#local/listen.ts';
import { DEMO_TENANT } from '#local/people.ts';
import { handleOf } from '#shared/model/session-id.ts';
import { type Reply, useSuite } from './suite.ts';
import { type Received, type Receiver, startReceiver } from './webhook-receiver.ts';

const suite = useSuite();
let receiver: Receiver;
const opened: string[] = [];

beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.stop());
/** Each test begins without endpoints, or it would hear of the others' events. */
afterEach(async () => {
  for (const id of opened.splice(0)) await suite.send('DELETE', `${WEBHOOKS}/${id}`, undefined, 'staff');
  receiver.received.length = 0;
  receiver.answer = () => ({ status: 204 });
});

const WEBHOOKS = '/api/v1/webhooks';
const LICENSES = '/api/v1/licenses';
const MINUTE = 60;
const DAY = 86_400;

async function create(events: readonly string[], more: object = {}, token = 'owner'): Promise<Reply> {
  const reply = await suite.post(WEBHOOKS, { url: receiver.url, events, ...more }, token);
  if (reply.status === 201) opened.push(reply.body.webhook_id);
  return reply;
}
const get = (id: string, token = 'owner') => suite.send('GET', `${WEBHOOKS}/${id}`, undefined, token);
const deliveries = async (id: string, query = '') =>
  (await suite.send('GET', `${WEBHOOKS}/${id}/deliveries${query}`, undefined, 'owner')).body;
const dispatch = async (body?: object) => {
  const { status, body: counts } = await suite.post('/internal/webhooks/dispatch', body, 'scheduler');
  expect(status).toBe(200);
  return counts;
};
/** Passes until nothing waits: one pass leaves to tasks what there is no time for. */
const dispatchAll = async () => {
  const sum = { sent: 0, failed: 0, pending: 1 };
  for (let passes = 0; passes < 10 && sum.pending > 0; passes += 1) {
    const { sent, failed, pending } = await dispatch();
    sum.sent += sent;
    sum.failed += failed;
    sum.pending = pending;
  }
  return sum;
};
const patch = (license: string, body: object) => suite.send('PATCH', `${LICENSES}/${license}`, body, 'staff');
const label = (license: string, text: string) => patch(license, { label: text });
const advance = (seconds: number) => suite.stack.clock.advance(seconds);
const ids = () => receiver.received.map(({ headers }) => headers['webhook-id']);
const eventOf = async (license: string) => (await events(`license_id=${license}`))[0].id;
const events = async (query: string, token = 'owner') =>
  (await suite.send('GET', `/api/v1/events?${query}`, undefined, token)).body;

/** Standard Webhooks' own verifier, for which it is as late as for the suite. */
function verify(secret: string, { body, headers }: Received, changes: Record<string, string> = {}): unknown {
  const given = Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, String(headers[name])]),
  );
  vi.useFakeTimers({ toFake: ['Date'], now: suite.stack.clock.now() });
  try {
    return new Webhook(secret).verify(body, { ...given, ...changes });
  } finally {
    vi.useRealTimers();
  }
}

const only = (list: readonly Received[]): Received => {
  expect(list).toHaveLength(1);
  const [one] = list;
  if (one === undefined) throw new TypeError('nothing was received');
  return one;
};

describe('endpoints', () => {
  test('W1: are made with a secret that is shown once', async () => {
    const { status, body } = await create(['license.*'], { description: 'billing' });
    expect(status).toBe(201);
    const { secret, ...shown } = body;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
    expect(shown).toEqual({
      webhook_id: expect.stringMatching(/^wh_/),
      tenant_id: DEMO_TENANT,
      url: receiver.url,
      events: ['license.*'],
      description: 'billing',
      status: 'enabled',
      disabled_reason: null,
      failing_since: null,
      old_secrets_until: null,
      created_at: expect.any(String),
    });
    expect((await get(body.webhook_id)).body).toEqual(shown);
    const listed = await suite.send('GET', WEBHOOKS, undefined, 'admin');
    expect(listed.body).toEqual([shown]);
    expect(suite.log.join('\n')).not.toContain(secret.slice(6));
  });

  test('the same Idempotency-Key gets the same secret', async () => {
    const headers = { 'idempotency-key': 'one-endpoint-and-no-second' };
    const body = { url: receiver.url, events: ['*'] };
    const first = await suite.send('POST', WEBHOOKS, body, 'owner', headers);
    opened.push(first.body.webhook_id);
    expect(await suite.send('POST', WEBHOOKS, body, 'owner', headers)).toMatchObject({ status: 201, body: first.body });
  });

  test('are at most ten a tenant, however many ask at once', async () => {
    const made = await Promise.all(Array.from({ length: 14 }, () => create(['*'])));
    expect(made.map(({ status }) => status).sort()).toEqual([...Array(10).fill(201), ...Array(4).fill(409)]);
    await suite.send('DELETE', `${WEBHOOKS}/${opened.pop()}`, undefined, 'owner');
    expect((await create(['*'])).status).toBe(201);
  });

  test('subscribe to what there is', async () => {
    for (const events of [['license.sold'], ['licenses.*'], ['license*'], [''], []]) {
      expect(await create(events)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
  });

  test('W9: belong to their tenant', async () => {
    const { body } = await create(['license.*']);
    const id = body.webhook_id;
    const { license_id } = await suite.license(1);
    const [event] = await events(`license_id=${license_id}`);
    const routes = [
      ['POST', WEBHOOKS, { url: receiver.url, events: ['*'], tenant_id: DEMO_TENANT }],
      ['GET', `${WEBHOOKS}/${id}`, undefined],
      ['PATCH', `${WEBHOOKS}/${id}`, { status: 'disabled' }],
      ['POST', `${WEBHOOKS}/${id}/secret`, undefined],
      ['POST', `${WEBHOOKS}/${id}/test`, undefined],
      ['GET', `${WEBHOOKS}/${id}/deliveries`, undefined],
      ['POST', `${WEBHOOKS}/${id}/recover`, { since: '2026-01-01T00:00:00Z' }],
      ['POST', `/api/v1/events/${event.id}/redeliver`, { webhook_id: id }],
      ['GET', `/api/v1/events?tenant_id=${DEMO_TENANT}`, undefined],
      ['DELETE', `${WEBHOOKS}/${id}`, undefined],
    ] as const;
    for (const [method, path, sent] of routes) {
      for (const token of ['member', 'guest', 'service', 'scheduler']) {
        expect([token, path, (await suite.send(method, path, sent, token)).status]).toEqual([token, path, 403]);
      }
      const { status } = await suite.send(method, path, sent, 'other_tenant_owner');
      expect([path, status]).toEqual([path, 404]);
    }
    expect((await suite.send('GET', WEBHOOKS, undefined, 'other_tenant_owner')).body).toEqual([]);
    for (const token of ['owner', 'service', undefined]) {
      for (const path of ['dispatch', 'deliver'])
        expect((await suite.post(`/internal/webhooks/${path}`, {}, token)).status).toBe(token ? 403 : 401);
    }
    expect(await get(id)).toMatchObject({ status: 200, body: { status: 'enabled' } });
  });

  test('of the vendor hear of every tenant, and nobody else sees them', async () => {
    const { status, body } = await create(['license.created'], {}, 'staff');
    expect([status, body.tenant_id]).toEqual([201, null]);
    for (const token of ['owner', 'other_tenant_owner']) expect((await get(body.webhook_id, token)).status).toBe(404);
    const { license_id } = await suite.license(1);
    await dispatch();
    expect(only(receiver.received).event).toMatchObject({ tenant_id: DEMO_TENANT, data: { license_id } });
  });
});

describe('an event', () => {
  test('W2: reaches whoever subscribes, signed as Standard Webhooks says', async () => {
    const { secret } = (await create(['license.suspended'])).body;
    const { license_id, license_key } = await suite.license(2);
    const before = (await suite.send('GET', `${LICENSES}/${license_id}`, undefined, 'staff')).body;
    await label(license_id, 'not asked for');
    await patch(license_id, { status: 'suspended' });
    expect(await dispatch()).toEqual({ sent: 1, failed: 0, pending: 0 });
    const received = only(receiver.received);
    expect(received.event).toEqual({
      id: received.headers['webhook-id'],
      type: 'license.suspended',
      timestamp: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      tenant_id: DEMO_TENANT,
      data: { ...before, label: 'not asked for', status: 'suspended', previous: { status: 'active' } },
    });
    expect(received.body).not.toContain(license_key);
    expect(verify(secret, received)).toEqual(received.event);

    const flipped = { ...received, body: received.body.replace('suspended', 'suspendee') };
    expect(() => verify(secret, flipped)).toThrow(/signature/i);
    expect(() => verify(secret, received, { 'webhook-id': 'another' })).toThrow(/signature/i);
    const early = String(Math.floor(suite.stack.clock.now() / 1000) - 6 * MINUTE);
    expect(() => verify(secret, received, { 'webhook-timestamp': early })).toThrow(/old/i);
    expect(() => verify(`whsec_${Buffer.alloc(32).toString('base64')}`, received)).toThrow(/signature/i);

    expect(await dispatch(), 'nothing is sent twice').toEqual({ sent: 0, failed: 0, pending: 0 });
    const [audited] = (await suite.send('GET', `/api/v1/audit?license_id=${license_id}`, undefined, 'owner')).body;
    expect(audited.audit_id, 'the id of the audit record').toBe(received.event.id);
  });

  test('W3: comes again after a failure, with its id, a new time and a valid signature', async () => {
    const { webhook_id, secret } = (await create(['license.updated'])).body;
    const { license_id } = await suite.license(1);
    receiver.answer = () => ({ status: 500, body: 'out of order' });
    await label(license_id, 'a');
    expect(await dispatch()).toEqual({ sent: 0, failed: 1, pending: 1 });
    const [{ attempts, next_attempt_at }] = await deliveries(webhook_id);
    const wait = Date.parse(next_attempt_at) - Date.parse(attempts[0].at);
    expect(wait).toBeGreaterThanOrEqual(4_500);
    expect(wait).toBeLessThanOrEqual(5_000);
    receiver.answer = () => ({ status: 200 });
    advance(5);
    expect(await dispatch()).toEqual({ sent: 1, failed: 0, pending: 0 });
    const [first, second] = receiver.received;
    if (first === undefined || second === undefined) throw new TypeError('there were two attempts');
    expect(ids()).toEqual([first.event.id, first.event.id]);
    expect(second.body).toBe(first.body);
    expect(Number(second.headers['webhook-timestamp'])).toBeGreaterThan(Number(first.headers['webhook-timestamp']));
    for (const one of [first, second]) verify(secret, one);
    expect(await deliveries(webhook_id)).toMatchObject([
      {
        event_id: first.event.id,
        status: 'delivered',
        next_attempt_at: null,
        attempts: [
          { status_code: 500, error: null, response: 'out of order' },
          { status_code: 200, error: null },
        ],
      },
    ]);
  });

  test('W4: survives an endpoint that is not there', async () => {
    const { webhook_id } = (await create(['license.updated'])).body;
    const { license_id } = await suite.license(1);
    await receiver.stop();
    await label(license_id, 'a');
    for (const wait of [0, 5, 300]) {
      advance(wait);
      expect(await dispatch()).toEqual({ sent: 0, failed: 1, pending: 1 });
    }
    expect((await get(webhook_id)).body.failing_since).toEqual(expect.any(String));
    await receiver.restart();
    advance(30 * MINUTE);
    expect(await dispatch()).toEqual({ sent: 1, failed: 0, pending: 0 });
    expect(only(receiver.received).event.data.label).toBe('a');
    const [delivery] = await deliveries(webhook_id, '?status=delivered');
    expect(delivery.attempts.map(({ error }: { error: string | null }) => error)).toEqual([
      ...Array(3).fill('connection'),
      null,
    ]);
    expect((await get(webhook_id)).body.failing_since).toBeNull();
  });

  test('is tried ten times in three days, then given up, and can be sent once more', async () => {
    const { webhook_id } = (await create(['license.updated'])).body;
    const { license_id } = await suite.license(1);
    receiver.answer = () => ({ status: 503 });
    await label(license_id, 'a');
    for (const wait of [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000]) {
      advance(wait);
      expect(await dispatch()).toMatchObject({ failed: 1, pending: 1 });
    }
    advance(DAY);
    expect(await dispatch()).toEqual({ sent: 0, failed: 1, pending: 0 });
    advance(DAY);
    expect(await dispatch()).toEqual({ sent: 0, failed: 0, pending: 0 });
    expect(receiver.received).toHaveLength(10);
    expect(new Set(ids()).size).toBe(1);
    const [failed] = await deliveries(webhook_id, '?status=failed');
    receiver.answer = () => ({ status: 200 });
    const path = `/api/v1/events/${failed.event_id}/redeliver`;
    expect((await suite.post(path, { webhook_id }, 'owner')).status).toBe(202);
    expect(await dispatch()).toEqual({ sent: 1, failed: 0, pending: 0 });
    expect(new Set(ids()).size).toBe(1);
  });

  test('waits as long as a Retry-After says', async () => {
    await create(['license.updated']);
    const { license_id } = await suite.license(1);
    receiver.answer = () => ({ status: 429, headers: { 'retry-after': '600' } });
    await label(license_id, 'a');
    await dispatch();
    advance(300);
    expect(await dispatch()).toMatchObject({ failed: 0, pending: 1 });
    receiver.answer = () => ({ status: 200 });
    advance(300);
    expect(await dispatch()).toMatchObject({ sent: 1, pending: 0 });
  });

  test('W5: 410 disables the endpoint; a redirect is a failure and is not followed', async () => {
    const other = await startReceiver();
    const { webhook_id } = (await create(['license.updated'])).body;
    const { license_id } = await suite.license(1);
    for (const status of [301, 302, 303, 307, 308]) {
      receiver.answer = () => ({ status, headers: { location: other.url } });
      await label(license_id, String(status));
      expect(await dispatch()).toMatchObject({ sent: 0, failed: 1 });
    }
    expect(other.received).toEqual([]);
    receiver.answer = () => ({ status: 410 });
    await label(license_id, 'gone');
    await dispatch();
    expect((await get(webhook_id)).body).toMatchObject({ status: 'disabled', disabled_reason: 'gone' });
    const [told] = await events('type=webhook.disabled');
    expect(told.data).toMatchObject({ webhook_id, disabled_reason: 'gone', previous: { status: 'enabled' } });
    advance(DAY);
    expect(await dispatch(), 'what was pending has ended').toEqual({ sent: 0, failed: 0, pending: 0 });
    await other.stop();
  });

  test('W6: has two signatures while a secret is in its grace', async () => {
    const { webhook_id, secret } = (await create(['license.updated'])).body;
    const { license_id } = await suite.license(1);
    const rotated = await suite.post(`${WEBHOOKS}/${webhook_id}/secret`, { grace_seconds: 60 }, 'owner');
    expect(rotated.status).toBe(200);
    expect(rotated.body.old_secrets_until).toEqual(expect.any(String));
    await label(license_id, 'a');
    await dispatch();
    const both = only(receiver.received);
    expect(String(both.headers['webhook-signature']).split(' ')).toHaveLength(2);
    for (const one of [secret, rotated.body.secret]) verify(one, both);

    await suite.post(`${WEBHOOKS}/${webhook_id}/secret`, { grace_seconds: 60 }, 'owner');
    const last = await suite.post(`${WEBHOOKS}/${webhook_id}/secret`, undefined, 'owner');
    await label(license_id, 'b');
    await dispatch();
    const three = receiver.received[1];
    expect(String(three?.headers['webhook-signature']).split(' '), 'never more than three').toHaveLength(3);

    advance(DAY + 1);
    await label(license_id, 'c');
    await dispatch();
    const one = receiver.received[2];
    expect(String(one?.headers['webhook-signature']).split(' ')).toHaveLength(1);
    expect(last.body.secret).toMatch(/^whsec_/);
  });

  test('W8: exists exactly if its act does', async () => {
    const { license_id } = await suite.license(1);
    const updates = async () =>
      (await events(`license_id=${license_id}&type=license.updated`)).map(({ id }: { id: string }) => id);
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE' });
    expect((await label(license_id, 'never')).status).toBe(503);
    suite.stack.recorder.forgetFaults();
    expect(await updates()).toEqual([]);
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 1, lost: true });
    expect(await label(license_id, 'once')).toMatchObject({ status: 200, body: { label: 'once' } });
    expect(new Set(await updates()).size).toBe(1);
    expect(await updates()).toHaveLength(1);
  });

  test('goes to the new URL, is dropped with its subscription, and ends with its endpoint', async () => {
    const moved = await startReceiver();
    const { webhook_id } = (await create(['license.updated'])).body;
    const change = (body: object) => suite.send('PATCH', `${WEBHOOKS}/${webhook_id}`, body, 'owner');
    const { license_id } = await suite.license(1);
    receiver.answer = () => ({ status: 500 });
    await label(license_id, 'a');
    await dispatch();
    await change({ url: moved.url });
    advance(5);
    expect(await dispatch()).toMatchObject({ sent: 1 });
    expect(moved.received).toHaveLength(1);
    moved.answer = () => ({ status: 500 });
    await label(license_id, 'b');
    await dispatch();
    await change({ events: ['member.changed'] });
    advance(5);
    expect(await dispatch()).toEqual({ sent: 0, failed: 0, pending: 0 });
    expect(await deliveries(webhook_id, '?status=dropped')).toHaveLength(1);
    await change({ events: ['*'] });
    await label(license_id, 'c');
    await dispatch();
    await suite.send('DELETE', `${WEBHOOKS}/${webhook_id}`, undefined, 'owner');
    expect((await suite.send('GET', `${WEBHOOKS}/${webhook_id}/deliveries`, undefined, 'owner')).status).toBe(404);
    expect(await dispatch(), 'nothing waits for its time any more').toEqual({ sent: 0, failed: 0, pending: 0 });
    advance(5);
    expect(await dispatch()).toEqual({ sent: 0, failed: 0, pending: 0 });
    expect(moved.received).toHaveLength(3);
    await moved.stop();
  });

  test('that is too large is sent without its data', async () => {
    await create(['license.created']);
    const features = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, '\u0001'.repeat(12)]));
    const metadata = { text: '\u0001'.repeat(650) };
    const body = { tenant_id: DEMO_TENANT, tier: 'trial', max_seats: 1, expires_at: null };
    const made = await suite.post(LICENSES, { ...body, features, metadata, label: '\u0001'.repeat(200) }, 'staff');
    expect(made.status).toBe(201);
    await dispatch();
    expect(Buffer.byteLength(only(receiver.received).body)).toBeLessThanOrEqual(20 * 1024);
  });

  test('is tried out by a test event, which nobody else hears', async () => {
    const { webhook_id, secret } = (await create(['member.changed'])).body;
    await create(['*'], { url: `${receiver.url}/other` });
    const { status, body } = await suite.post(`${WEBHOOKS}/${webhook_id}/test`, undefined, 'admin');
    expect([status, body.webhook_id]).toEqual([202, webhook_id]);
    expect(await dispatch()).toEqual({ sent: 1, failed: 0, pending: 0 });
    const received = only(receiver.received);
    expect(received.event).toMatchObject({ id: body.event_id, type: 'webhook.test', data: { webhook_id } });
    verify(secret, received);
  });
});

describe('W7: where an endpoint may lead', () => {
  test('in production only outside, whatever the address is called', async () => {
    const running = admin.create(
      { ...suite.stack.environment('admin'), WEBHOOK_ALLOW_LOOPBACK: 'false' },
      suite.stack.clock,
    );
    const base = `http://127.0.0.1:${await listen(running.server)}`;
    const hostile = [
      'http://hooks.example.com',
      'https://127.0.0.1',
      'https://[::1]',
      'https://169.254.169.254',
      'https://localhost',
      'https://2130706433',
      'https://0x7f.1',
      'https://user:secret@hooks.example.com',
      'ftp://hooks.example.com',
      'hooks.example.com',
    ];
    for (const url of hostile) {
      const response = await fetch(`${base}${WEBHOOKS}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${suite.tokens['owner']}` },
        body: JSON.stringify({ url, events: ['*'] }),
      });
      const problem = z
        .object({ errors: z.array(z.object({ path: z.string() })).optional() })
        .parse(await response.json());
      expect([url, response.status, problem.errors?.[0]?.path]).toEqual([url, 400, 'url']);
    }
    await shut(running.server);
    await running.close();
  });

  test('at each attempt: what was allowed when it was made is refused where it is not', async () => {
    await create(['license.updated']);
    const { license_id } = await suite.license(1);
    const environment = { ...suite.stack.environment('webhook-delivery'), WEBHOOK_ALLOW_LOOPBACK: 'false' };
    const running = webhookDelivery.create(environment, suite.stack.clock, () => undefined);
    const base = `http://127.0.0.1:${await listen(running.server)}`;
    await label(license_id, 'a');
    const response = await fetch(`${base}/internal/webhooks/dispatch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${suite.tokens['scheduler']}` },
    });
    expect(await response.json()).toEqual({ sent: 0, failed: 1, pending: 1 });
    expect(receiver.received).toEqual([]);
    await shut(running.server);
    await running.close();
  });
});

describe('sessions and seats', () => {
  const acquire = (license_key: string, hardware_id: string) =>
    suite.post(`${LICENSES}/acquire`, { license_key, hardware_id, user_email: 'a@example.org' });

  test('end in as many ways as they can', async () => {
    await create(['session.*']);
    const { license_id, license_key } = await suite.license(3);
    const [one, two] = [
      await acquire(license_key, 'a'),
      await acquire(license_key, 'b'),
      await acquire(license_key, 'c'),
    ];
    await suite.post(`${LICENSES}/release`, { session_id: one?.body.session_id });
    await suite.send('DELETE', `/api/v1/sessions/${handleOf(two?.body.session_id)}`, undefined, 'owner');
    advance(400);
    await suite.post('/internal/sessions/reap', undefined, 'scheduler');
    await acquire(license_key, 'd');
    await patch(license_id, { status: 'suspended' });
    await dispatch();
    const told = receiver.received
      .filter(({ event }) => event.data.license_id === license_id)
      .map(({ event }) => `${event.type} ${event.data.reason ?? ''}`.trim())
      .sort();
    expect(told).toEqual([
      'session.acquired',
      'session.acquired',
      'session.acquired',
      'session.acquired',
      'session.admin_released admin_released',
      'session.admin_released license_suspended',
      'session.expired expired',
      'session.released released',
    ]);
    const [audited] = (await suite.send('GET', '/api/v1/audit?action=session.release', undefined, 'owner')).body;
    expect(ids()).toContain(audited.audit_id);
  });

  test('W10: are told of to whoever subscribes, and cost nobody else anything', async () => {
    const acquireAll = async (machines: number) => {
      const { license_id, license_key } = await suite.license(machines);
      suite.stack.recorder.forgetCalls();
      const made: Reply[] = [];
      for (let i = 0; i < 3; i += 1) made.push(await acquire(license_key, `first-${i}`));
      const calls = suite.stack.recorder.calls();
      const rest = Array.from({ length: machines - 3 }, (_, i) => acquire(license_key, `machine-${i}`));
      made.push(...(await Promise.all(rest)));
      return { license_id, calls, made };
    };
    const without = await acquireAll(3);
    expect(await events(`type=session.*&license_id=${without.license_id}`)).toEqual([]);
    await create(['session.*']);
    const { calls, made } = await acquireAll(60);
    expect(made.filter(({ status }) => status === 201)).toHaveLength(60);
    // The first three machines of either licence came alone; without a subscriber some things were read for the first time.
    for (const method of ['Commit', 'BatchGetDocuments', 'RunQuery', 'RunAggregationQuery']) {
      const name = `firestore.${method}`;
      expect(calls[name] ?? 0, name).toBeLessThanOrEqual(without.calls[name] ?? 0);
    }
    expect(await dispatchAll()).toEqual({ sent: 60, failed: 0, pending: 0 });
    expect(receiver.received.map(({ event }) => event.type)).toEqual(Array(60).fill('session.acquired'));
    expect(new Set(ids()).size).toBe(60);
    const sessions = receiver.received.map(({ event }) => event.data.session);
    expect(new Set(sessions)).toEqual(new Set(made.map(({ body }) => handleOf(body.session_id))));
    const bodies = receiver.received.map(({ body }) => body).join();
    for (const { body } of made) expect(bodies).not.toContain(body.session_id);
  });

  test('run out and come back, each told once; refusals are gathered by the minute', async () => {
    await create(['seats.*', 'seat.denied']);
    const { license_id, license_key } = await suite.license(1);
    const types = () => receiver.received.map(({ event }) => event.type);
    advance(MINUTE - ((suite.stack.clock.now() / 1000) % MINUTE) + 1); // a minute has just begun
    const held = await acquire(license_key, 'a');
    await dispatch();
    expect(only(receiver.received).event).toMatchObject({
      type: 'seats.exhausted',
      data: { license_id, seats_used: 1, seats_total: 1 },
    });
    const denied = await Promise.all(['b', 'c', 'd'].map((machine) => acquire(license_key, machine)));
    expect(denied.map(({ status }) => status)).toEqual([402, 402, 402]);
    await vi.waitUntil(async () => (await events('type=seat.denied'))[0]?.data.count === 3, { timeout: 20_000 });
    await dispatch();
    expect(types(), 'the minute is not over').toEqual(['seats.exhausted']);
    advance(MINUTE);
    await dispatch();
    expect(receiver.received[1]?.event).toMatchObject({ type: 'seat.denied', data: { license_id, count: 3 } });
    await suite.post(`${LICENSES}/release`, { session_id: held.body.session_id });
    await dispatch();
    await dispatch();
    expect(types()).toEqual(['seats.exhausted', 'seat.denied', 'seats.available']);
  });

  test('a licence that comes to its end is told of 30, 7 and 1 days before, and then: each once', async () => {
    await create(['license.expiring', 'license.expired']);
    const expires_at = new Date(suite.stack.clock.now() + 31 * DAY * 1000).toISOString();
    const made = await suite.post(
      LICENSES,
      { tenant_id: DEMO_TENANT, tier: 'trial', max_seats: 1, expires_at },
      'staff',
    );
    const short = new Date(suite.stack.clock.now() + 10 * DAY * 1000).toISOString();
    await suite.post(LICENSES, { tenant_id: DEMO_TENANT, tier: 'trial', max_seats: 1, expires_at: short }, 'staff');
    for (let day = 0; day < 32; day += 1) {
      await dispatch();
      advance(DAY);
    }
    await dispatch();
    const of = (id: string) =>
      receiver.received
        .filter(({ event }) => event.data.license_id === id)
        .map(({ event }) => event.data.days_before ?? event.type);
    expect(of(made.body.license_id)).toEqual([30, 7, 1, 'license.expired']);
    expect(receiver.received).toHaveLength(7);
  });
});

describe('the digest', () => {
  const digest = async (query = '', token = 'service') =>
    (await suite.send('GET', `/api/v1/digest?limit=100${query}`, undefined, token)).body;
  // biome-ignore lint/suspicious/noExplicitAny: an answer, whose members the tests assert
  const of = (entries: any[], id: string) => entries.find(({ license }) => license.license_id === id);

  test('names what ends, ran out or refused somebody, although nobody subscribes, page by page', async () => {
    const soon = new Date(suite.stack.clock.now() + 9.5 * DAY * 1000).toISOString();
    const terms = { tenant_id: DEMO_TENANT, tier: 'trial', max_seats: 1, expires_at: soon, label: 'ends soon' };
    const ending = (await suite.post(LICENSES, terms, 'staff')).body;
    const [full, quiet] = [await suite.license(1), await suite.license(2)];
    for (const hardware_id of ['a', 'b', 'c']) {
      await suite.post(`${LICENSES}/acquire`, { license_key: full.license_key, hardware_id });
    }
    await vi.waitUntil(async () => of(await digest(), full.license_id)?.denials.no_seats === 2, { timeout: 20_000 });
    const entries = await digest();
    expect(of(entries, ending.license_id)).toMatchObject({ days_left: 10, exhausted: false, peak: 0, denials: {} });
    expect(of(entries, ending.license_id)?.license).toMatchObject({ label: 'ends soon', expires_at: soon });
    expect(of(entries, full.license_id)).toMatchObject({ days_left: null, exhausted: true, peak: 1 });
    expect(of(entries, quiet.license_id)).toBeUndefined();
    expect(of(await digest('&expiring_days=9'), ending.license_id)).toBeUndefined();

    const paged: string[] = [];
    let path: string | undefined = '/api/v1/digest?limit=2';
    while (path !== undefined) {
      const reply: Reply = await suite.send('GET', path, undefined, 'owner');
      paged.push(...reply.body.map(({ license }: { license: { license_id: string } }) => license.license_id));
      path = /<([^>]+)>; rel="next"/.exec(reply.headers.get('link') ?? '')?.[1];
    }
    expect(paged.sort()).toEqual(
      (await digest()).map(({ license }: { license: { license_id: string } }) => license.license_id).sort(),
    );

    advance(2 * DAY);
    expect(of(await digest(), full.license_id), 'its session has ended, and the day is over').toMatchObject({
      denials: {},
    });
    advance(8 * DAY);
    expect(of(await digest(), ending.license_id)).toMatchObject({ days_left: 0 });
    advance(2 * DAY);
    expect(of(await digest(), ending.license_id)).toBeUndefined();
    const early = new Date(suite.stack.clock.now() - 40 * DAY * 1000).toISOString();
    expect((await suite.send('GET', `/api/v1/digest?since=${early}`, undefined, 'staff')).status).toBe(400);
  });
});

describe('when something fails for long, or dies', () => {
  test('W11: an endpoint is disabled after five days; what it missed is recovered, each event once', async () => {
    const { webhook_id } = (await create(['license.updated'])).body;
    const { license_id } = await suite.license(1);
    await label(license_id, 'heard');
    await dispatch();
    await receiver.stop();
    const since = new Date(suite.stack.clock.now()).toISOString();
    for (let day = 0; day < 7; day += 1) {
      await label(license_id, `day ${day}`);
      await dispatch();
      advance(DAY);
    }
    await dispatch();
    const disabled = (await get(webhook_id)).body;
    expect(disabled).toMatchObject({ status: 'disabled', disabled_reason: 'failing' });
    expect(await events('type=webhook.disabled')).toContainEqual(
      expect.objectContaining({ data: expect.objectContaining({ webhook_id }) }),
    );
    await receiver.restart();
    const recover = () => suite.post(`${WEBHOOKS}/${webhook_id}/recover`, { since }, 'owner');
    expect((await recover()).status).toBe(409);
    await suite.send('PATCH', `${WEBHOOKS}/${webhook_id}`, { status: 'enabled' }, 'owner');
    expect(await recover()).toMatchObject({ status: 202, body: { webhook_id, since } });
    receiver.received.length = 0;
    expect(await dispatch()).toEqual({ sent: 7, failed: 0, pending: 0 });
    await recover();
    expect(await dispatch()).toEqual({ sent: 0, failed: 0, pending: 0 });
    expect(receiver.received.map(({ event }) => event.data.label).sort()).toEqual(
      Array.from({ length: 7 }, (_, day) => `day ${day}`),
    );
  });

  test('W12: what was sent and not noted is sent again, with its id', async () => {
    await create(['license.updated']);
    const { license_id } = await suite.license(1);
    receiver.answer = () => {
      suite.stack.recorder.inject({ service: 'firestore', method: '*', code: 'UNAVAILABLE' });
      return { status: 200 };
    };
    await label(license_id, 'a');
    await suite.post('/internal/webhooks/dispatch', undefined, 'scheduler'); // as good as killed
    suite.stack.recorder.forgetFaults();
    receiver.answer = () => ({ status: 200 });
    expect(await dispatch(), 'somebody may be sending it').toMatchObject({ sent: 0 });
    advance(30);
    expect(await dispatch()).toEqual({ sent: 1, failed: 0, pending: 0 });
    expect(new Set(ids()).size).toBe(1);
    expect(receiver.received).toHaveLength(2);
  });

  test('two dispatchers at once send nothing twice', async () => {
    await create(['license.updated']);
    const { license_id } = await suite.license(1);
    for (let i = 0; i < 10; i += 1) await label(license_id, String(i));
    const counts = await Promise.all([dispatch(), dispatch(), dispatch()]);
    expect(counts.reduce((sum, { sent }) => sum + sent, 0)).toBe(10);
    expect(receiver.received).toHaveLength(10);
    expect(new Set(ids()).size).toBe(10);
  });

  test('a slow endpoint does not keep the others waiting', async () => {
    const slow = await startReceiver();
    slow.answer = () => 'hang';
    await create(['license.updated'], { url: slow.url });
    await create(['license.updated']);
    const { license_id } = await suite.license(1);
    for (let i = 0; i < 8; i += 1) await label(license_id, String(i));
    const answered = dispatch();
    await vi.waitUntil(() => receiver.received.length === 8, { timeout: 14_000 });
    await slow.stop(); // cuts what hangs
    expect(await answered).toMatchObject({ sent: 8 });
    expect(slow.received.length).toBeLessThanOrEqual(4);
  });
});

describe('the queue', () => {
  test('delivers without the dispatcher, as soon as it runs, and again when it is time', async () => {
    const { webhook_id, secret } = (await create(['license.updated'])).body;
    const { license_id } = await suite.license(1);
    const { queue } = suite.stack.tasks;
    const waiting = queue.tasks.size;
    await label(license_id, 'a');
    // An act waits for its task for 200 ms at most, and a busy machine may take longer.
    const isMade = () => queue.tasks.size > waiting;
    while (!isMade())
      await suite.post(`/api/v1/events/${await eventOf(license_id)}/redeliver`, { webhook_id }, 'owner');
    expect(receiver.received, 'it is paused at first').toEqual([]);
    receiver.answer = () => ({ status: 500 });
    queue.resume();
    await vi.waitUntil(() => receiver.received.length >= 1, { timeout: 20_000 });
    receiver.answer = () => ({ status: 200 });
    await vi.waitUntil(async () => (await deliveries(webhook_id))[0]?.attempts.length >= 1, { timeout: 20_000 });
    advance(5);
    await vi.waitUntil(() => receiver.received.length >= 2, { timeout: 20_000 });
    queue.pause();
    for (const one of receiver.received) verify(secret, one);
    expect(new Set(ids()).size).toBe(1);
    await vi.waitUntil(async () => (await deliveries(webhook_id))[0]?.status === 'delivered', { timeout: 20_000 });
    expect(await dispatch()).toEqual({ sent: 0, failed: 0, pending: 0 });
  });

  test('may lose every task: the dispatcher sends', async () => {
    await create(['license.updated']);
    const { license_id } = await suite.license(1);
    suite.stack.recorder.inject({ service: 'tasks', method: 'CreateTask', code: 'UNAVAILABLE' });
    expect((await label(license_id, 'a')).status).toBe(200);
    expect(await dispatch()).toEqual({ sent: 1, failed: 0, pending: 0 });
  });
});
