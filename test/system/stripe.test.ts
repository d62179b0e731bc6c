import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { billing } from '#functions/billing/index.ts';
import { listen, shut } from '#local/listen.ts';
import {
  checkoutSession,
  deliver,
  fresh,
  signatureOf,
  stripeEvent,
  subscriptionItem,
  subscriptionObject,
} from './stripe/events.ts';
import { type Outcome, PERIOD, SEQUENCES, type Sequence, type Step } from './stripe/sequences.ts';
import { type Reply, useSuite } from './suite.ts';
import { startReceiver } from './webhook-receiver.ts';

const suite = useSuite();
const LICENSES = '/api/v1/licenses';
const present = (): number => Math.floor(Date.now() / 1000);

/** What a sequence's letters and words stand for. */
interface Cast {
  readonly now: number;
  readonly customer: string;
  readonly idOf: (kind: string, name: string) => string;
}

function cast(): Cast {
  const ids = new Map<string, string>();
  return {
    now: present(),
    customer: fresh('cus'),
    idOf(kind, name) {
      const id = ids.get(`${kind} ${name}`) ?? fresh(kind);
      ids.set(`${kind} ${name}`, id);
      return id;
    },
  };
}

function eventOf({ now, customer, idOf }: Cast, step: Step): object {
  const { type, at = 0, items = { a: {} }, subscription = {}, other = 'first', again = false } = step;
  const id = idOf('sub', other);
  const created = now + at;
  const eventId = again ? idOf('evt', `${other} ${type}`) : undefined;
  if (type === 'checkout.session.completed') return stripeEvent(type, checkoutSession(customer, id), { created });
  if (type.includes('.')) return stripeEvent(type, { id: 'in_1', object: 'invoice' }, { created });
  const dated = Object.entries(items).map(([name, item]) => ({
    ...item,
    id: idOf('si', name),
    start: now + (item.start ?? PERIOD.start),
    end: now + (item.end ?? PERIOD.end),
  }));
  const ended_at = subscription.ended_at == null ? null : now + subscription.ended_at;
  const object = subscriptionObject({ ...subscription, id, customer, items: dated, ended_at });
  const previous = step.previous?.({ items });
  return stripeEvent(`customer.subscription.${type}`, object, {
    created,
    id: eventId ?? (type === 'created' ? idOf('evt', `${other} ${type}`) : fresh('evt')),
    ...(previous === undefined ? {} : { previous }),
  });
}

async function licensesOf(item: string) {
  const { status, body } = await suite.send('GET', `${LICENSES}?reference=${item}`, undefined, 'staff');
  expect(status).toBe(200);
  return body;
}

async function take(cast: Cast, step: Step): Promise<void> {
  if (step.patch !== undefined) {
    const [license] = await licensesOf(cast.idOf('si', 'a'));
    const reply = await suite.send('PATCH', `${LICENSES}/${license.license_id}`, step.patch, 'staff');
    expect(reply.status).toBe(200);
    return;
  }
  const { answers = 'applied', signing } = step;
  const { age, secret } = signing ?? {};
  const reply = await deliver(suite, eventOf(cast, step), {
    ...(secret === undefined ? {} : { secret }),
    ...(age === undefined ? {} : { timestamp: present() - age }),
  });
  if (typeof answers === 'number') expect(reply).toMatchObject({ status: answers, body: { code: 'invalid_request' } });
  else expect([step.type, reply.status, reply.body?.outcome]).toEqual([step.type, 200, answers]);
}

async function hold(cast: Cast, count: number): Promise<void> {
  const [license] = await licensesOf(cast.idOf('si', 'a'));
  const { body } = await suite.post(`${LICENSES}/${license.license_id}/keys`, {}, 'service');
  for (let n = 0; n < count; n += 1) {
    const reply = await suite.post(`${LICENSES}/acquire`, {
      license_key: body.license_key,
      hardware_id: `machine-${n}`,
    });
    expect(reply.status).toBe(201);
  }
}

async function sessionsOf(cast: Cast): Promise<number> {
  const [license] = await licensesOf(cast.idOf('si', 'a'));
  return (await suite.send('GET', `${LICENSES}/${license.license_id}/sessions`, undefined, 'staff')).body.length;
}

function outcomeOf(now: number, license: Record<string, unknown>, wanted: Outcome): Outcome {
  const ends = Math.round(Date.parse(String(license['expires_at'])) / 1000) - now;
  const all: Record<string, unknown> = { ...license, ends };
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, all[name]]));
}

const alertsSince = (from: number): string[] =>
  suite.log
    .slice(from)
    .map((line) => JSON.parse(line))
    .filter(({ message }) => message === 'stripe_not_understood')
    .map(({ reason }) => reason);

async function play({ steps, sessions }: Sequence, people: Cast): Promise<void> {
  for (const [index, step] of steps.entries()) {
    if (sessions !== undefined && index === steps.length - 1) await hold(people, sessions.before);
    await take(people, step);
  }
  if (sessions !== undefined) expect(await sessionsOf(people)).toBe(sessions.after);
}

describe('a sequence of events ends in its licence', () => {
  test.each(SEQUENCES)('$name', async (sequence) => {
    const people = cast();
    const logged = suite.log.length;
    await play(sequence, people);
    const tenants = new Set<string>();
    for (const [name, wanted] of Object.entries(sequence.licenses)) {
      const found = await licensesOf(people.idOf('si', name));
      expect([name, found.length]).toEqual([name, wanted === null ? 0 : 1]);
      if (wanted !== null) expect(outcomeOf(people.now, found[0], wanted)).toEqual(wanted);
      for (const { tenant_id } of found) tenants.add(tenant_id);
    }
    expect(tenants.size).toBeLessThanOrEqual(1);
    expect(alertsSince(logged)).toEqual(sequence.alerts ?? []);
  });
});

describe('what is told of it', () => {
  test('an audit record with the id of the event, one for each act, and the events of licences without a key', async () => {
    const people = cast();
    const event = eventOf(people, { type: 'created' });
    await deliver(suite, event);
    const [license] = await licensesOf(people.idOf('si', 'a'));
    const { body } = await suite.send('GET', `/api/v1/audit?tenant_id=${license.tenant_id}`, undefined, 'staff');
    const id = people.idOf('evt', 'first created');
    expect(body.map(({ action }: { action: string }) => action).sort()).toEqual([
      'license.create',
      'stripe.event',
      'tenant.create',
    ]);
    expect(body.find(({ action }: { action: string }) => action === 'stripe.event')).toMatchObject({
      audit_id: expect.stringMatching(new RegExp(`^\\d{13}-${id}$`)),
      actor: { kind: 'system', id: 'stripe' },
      details: { event: id, outcome: 'applied' },
    });
    const keys = await suite.send('GET', `${LICENSES}/${license.license_id}/keys`, undefined, 'staff');
    expect(keys.body).toEqual([]);
    const key = await suite.post(`${LICENSES}/${license.license_id}/keys`, {}, 'service');
    expect(key.status).toBe(201);
    const seat = await suite.post(`${LICENSES}/acquire`, { license_key: key.body.license_key, hardware_id: 'one' });
    expect(seat).toMatchObject({ status: 201, body: { seats_total: 5 } });
  });

  test('the customer’s name, whichever event comes first, and none that a vendor has set', async () => {
    for (const order of [
      ['checkout.session.completed', 'created'],
      ['created', 'checkout.session.completed'],
    ]) {
      const people = cast();
      for (const type of order) await take(people, { type });
      const [license] = await licensesOf(people.idOf('si', 'a'));
      const tenant = await suite.send('GET', `/api/v1/tenants/${license.tenant_id}`, undefined, 'staff');
      expect(tenant.body).toMatchObject({
        name: 'Jo Buyer',
        tier: 'professional',
        seats_allotted: 5,
        stripe_customer_id: people.customer,
        stripe_subscription_id: people.idOf('sub', 'first'),
      });
    }
  });

  test('a tenant that a vendor gave the customer’s id is the customer’s', async () => {
    const people = cast();
    const wanted = { name: 'Acme', tier: 'starter', seat_limit: 7, stripe_customer_id: people.customer };
    const { body: tenant } = await suite.post('/api/v1/tenants', wanted, 'staff');
    await take(people, { type: 'created' });
    await take(people, { type: 'checkout.session.completed' });
    expect(await licensesOf(people.idOf('si', 'a'))).toMatchObject([{ tenant_id: tenant.tenant_id }]);
    const found = await suite.send('GET', `/api/v1/tenants/${tenant.tenant_id}`, undefined, 'staff');
    expect(found.body).toMatchObject({ name: 'Acme', tier: 'starter', seats_allotted: 5 });

    // Beyond the vendor's own limit nothing is sold until there is room; then the same event does it.
    const logged = suite.log.length;
    const event = eventOf(people, { type: 'updated', at: 5, items: { a: { quantity: 9 } } });
    expect((await deliver(suite, event)).body.outcome).toBe('not_understood');
    expect(alertsSince(logged)).toEqual(['seat_limit']);
    expect((await deliver(suite, event)).body.outcome).toBe('not_understood');
    expect(await licensesOf(people.idOf('si', 'a'))).toMatchObject([{ max_seats: 5 }]);
    await suite.send('PATCH', `/api/v1/tenants/${tenant.tenant_id}`, { seat_limit: null }, 'staff');
    expect((await deliver(suite, event)).body.outcome).toBe('applied');
    expect((await deliver(suite, event)).body.outcome).toBe('duplicate');
    expect(await licensesOf(people.idOf('si', 'a'))).toMatchObject([{ max_seats: 9 }]);
  });

  test('two tenants with one customer’s id: neither is guessed', async () => {
    const people = cast();
    for (const name of ['One', 'Two']) {
      await suite.post('/api/v1/tenants', { name, tier: 'starter', stripe_customer_id: people.customer }, 'staff');
    }
    const logged = suite.log.length;
    await take(people, { type: 'created', answers: 'not_understood' });
    await take(people, { type: 'checkout.session.completed', answers: 'not_understood' });
    expect(alertsSince(logged)).toEqual(['tenant', 'tenant']);
    expect(await licensesOf(people.idOf('si', 'a'))).toEqual([]);
  });

  test('a licence that a vendor made for the item is the item’s', async () => {
    const people = cast();
    const tenant = { name: 'Acme', tier: 'starter', stripe_customer_id: people.customer };
    const { tenant_id } = (await suite.post('/api/v1/tenants', tenant, 'staff')).body;
    const reference = people.idOf('si', 'a');
    const license = { tenant_id, tier: 'trial', max_seats: 1, expires_at: null, reference };
    const { license_id } = (await suite.post(LICENSES, license, 'staff')).body;
    await take(people, { type: 'created' });
    expect(await licensesOf(reference)).toMatchObject([{ license_id, max_seats: 5, tier: 'professional' }]);
  });
});

describe('an endpoint is told at once', () => {
  test('by a task of the queue, without the dispatcher', async () => {
    const receiver = await startReceiver();
    const { body } = await suite.post('/api/v1/webhooks', { url: receiver.url, events: ['license.*'] }, 'staff');
    const people = cast();
    const { queue } = suite.stack.tasks;
    await take(people, { type: 'created' });
    // An event of Stripe's waits for its tasks for 200 ms at most, and a busy machine may take longer.
    for (let at = 1; queue.tasks.size === 0; at += 1) {
      await take(people, { type: 'updated', at, items: { a: { quantity: 5 + at } } });
    }
    queue.resume();
    await vi.waitUntil(() => receiver.received.length > 0, { timeout: 20_000 });
    queue.pause();
    const [license] = await licensesOf(people.idOf('si', 'a'));
    expect(receiver.received[0]?.event).toMatchObject({
      type: expect.stringMatching(/^license\.(created|updated)$/),
      tenant_id: license.tenant_id,
      data: { license_id: license.license_id },
    });
    await suite.send('DELETE', `/api/v1/webhooks/${body.webhook_id}`, undefined, 'staff');
    await receiver.stop();
  });
});

describe('requests that are no event', () => {
  const send = (payload: string, headers: Record<string, string>): Promise<Reply> =>
    suite.send('POST', '/webhooks/stripe', payload, undefined, { 'content-type': 'application/json', ...headers });

  test('without a signature, with one of other bytes, with nonsense in it', async () => {
    const payload = JSON.stringify(eventOf(cast(), { type: 'created' }));
    const signature = signatureOf(payload);
    const headers = [
      {},
      { 'stripe-signature': '' },
      { 'stripe-signature': 'v1=00' },
      { 'stripe-signature': 't=now,v1=' },
    ];
    for (const one of headers) expect(await send(payload, one)).toMatchObject({ status: 400 });
    for (const other of [` ${payload}`, payload.replace('created', 'deleted'), `${payload}\n`]) {
      expect(await send(other, { 'stripe-signature': signature })).toMatchObject({
        status: 400,
        body: { errors: [{ path: 'Stripe-Signature' }] },
      });
    }
    expect(await send(payload, { 'stripe-signature': signature })).toMatchObject({ status: 200 });
  });

  test('signed, and of a shape that Stripe does not document', async () => {
    const logged = suite.log.length;
    const event = stripeEvent(
      'customer.subscription.updated',
      { id: 'sub_1', object: 'subscription' },
      { created: present() },
    );
    for (let n = 0; n < 2; n += 1) expect((await deliver(suite, event)).body.outcome).toBe('not_understood');
    expect((await deliver(suite, { object: 'event' })).body.outcome).toBe('not_understood');
    expect(alertsSince(logged)).toEqual(['shape', 'shape', 'shape']);
    for (const text of ['', 'no JSON', '"text"', '{"a":']) {
      const reply = await send(text, { 'stripe-signature': signatureOf(text) });
      expect([200, 400]).toContain(reply.status);
    }
    expect(await send('{}', { 'content-type': 'text/plain' })).toMatchObject({ status: 415 });
    expect(await send('x'.repeat(600 * 1024), {})).toMatchObject({ status: 413 });
  });

  test('without a secret the function says so', async () => {
    const { STRIPE_WEBHOOK_SECRET: _, ...environment } = suite.stack.environment('billing');
    const off = billing.create(environment, suite.stack.clock, () => undefined);
    const url = `http://127.0.0.1:${await listen(off.server)}/webhooks/stripe`;
    const payload = JSON.stringify(eventOf(cast(), { type: 'created' }));
    const headers = { 'content-type': 'application/json', 'stripe-signature': signatureOf(payload) };
    const reply = await fetch(url, { method: 'POST', headers, body: payload });
    expect([reply.status, await reply.json()]).toMatchObject([403, { code: 'billing_off' }]);
    await shut(off.server);
    await off.close();
  });
});

describe('many at once', () => {
  test('two instances, events in any order and repeated: one tenant, one licence an item, the last state', async () => {
    const second = billing.create(suite.stack.environment('billing'), suite.stack.clock, () => undefined);
    const gateways = [suite.stack.gateway, `http://127.0.0.1:${await listen(second.server)}`];
    async function until(gateway: string, event: object): Promise<string> {
      for (;;) {
        const payload = JSON.stringify(event);
        const headers = { 'content-type': 'application/json', 'stripe-signature': signatureOf(payload) };
        const reply = await fetch(`${gateway}/webhooks/stripe`, { method: 'POST', headers, body: payload });
        const text = await reply.text();
        if (reply.status === 200) return JSON.parse(text).outcome;
        // As Stripe does: again, later.
        expect(reply.status).toBe(503);
        await sleep(20);
      }
    }
    for (let round = 0; round < 3; round += 1) {
      const people = cast();
      const items = (a: number) => ({ a: { quantity: a }, b: { quantity: 2 } });
      const withSeats = (a: number) => () => ({
        items: {
          data: Object.entries(items(a)).map(([name, item]) =>
            subscriptionItem(people.idOf('sub', 'first'), {
              ...item,
              id: people.idOf('si', name),
              start: people.now + PERIOD.start,
              end: people.now + PERIOD.end,
            }),
          ),
        },
      });
      const steps: readonly Step[] = [
        { type: 'checkout.session.completed' },
        { type: 'created', subscription: { status: 'incomplete' }, items: items(5) },
        { type: 'updated', items: items(5), previous: () => ({ status: 'incomplete' }) },
        // Within the second, and put in order by what was there before.
        { type: 'updated', items: items(6), previous: withSeats(5) },
        { type: 'updated', items: items(7), previous: withSeats(6) },
      ];
      const events = steps.map((step) => eventOf(people, step));
      const sent = [...events, ...events].map((event, n) => ({ event, gateway: gateways[(n + round) % 2] ?? '' }));
      await Promise.all(sent.map(({ event, gateway }) => until(gateway, event)));
      const [a, b] = await Promise.all(['a', 'b'].map((name) => licensesOf(people.idOf('si', name))));
      expect([a, b]).toMatchObject([[{ max_seats: 7, status: 'active' }], [{ max_seats: 2 }]]);
      expect(a[0].tenant_id).toBe(b[0].tenant_id);
      const tenant = await suite.send('GET', `/api/v1/tenants/${a[0].tenant_id}`, undefined, 'staff');
      expect(tenant.body).toMatchObject({ name: 'Jo Buyer', seats_allotted: 9, stripe_customer_id: people.customer });
    }
    await shut(second.server);
    await second.close();
  });
});

describe('when Firestore fails', () => {
  const FAULTS = ['UNAVAILABLE', 'ABORTED'].flatMap((code) =>
    [false, true].flatMap((lost) => [0, 1].map((after) => ({ code, lost, after }))),
  );
  const stories: readonly (readonly Step[])[] = [
    [{ type: 'created' }, { type: 'updated', at: 5, items: { a: { quantity: 3 } } }],
    [
      { type: 'checkout.session.completed' },
      { type: 'created' },
      { type: 'deleted', at: 5, subscription: { status: 'canceled' } },
    ],
  ];

  test.each(FAULTS)('$code, lost: $lost, after $after commits: once, when Stripe has sent it again', async (fault) => {
    for (const steps of stories) {
      const people = cast();
      const events = steps.map((step) => eventOf(people, step));
      for (const event of events) {
        suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', times: 2, ...fault });
        for (let tries = 0; (await deliver(suite, event)).status !== 200; tries += 1) expect(tries).toBeLessThan(4);
        suite.stack.recorder.forgetFaults();
      }
      const found = await licensesOf(people.idOf('si', 'a'));
      expect(found).toHaveLength(1);
      const audit = await suite.send('GET', `/api/v1/audit?license_id=${found[0].license_id}`, undefined, 'staff');
      expect(audit.body.map(({ action }: { action: string }) => action).sort()).toEqual([
        'license.change',
        'license.create',
      ]);
    }
  });

  test('for good: 503, and nothing is left behind', async () => {
    const people = cast();
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE' });
    const event = eventOf(people, { type: 'created' });
    expect(await deliver(suite, event)).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
    suite.stack.recorder.forgetFaults();
    expect(await licensesOf(people.idOf('si', 'a'))).toEqual([]);
    expect((await deliver(suite, event)).body.outcome).toBe('applied');
  });
});
