import { afterAll, beforeAll, expect, test } from 'vitest';
import { webhookDelivery } from '#functions/webhook-delivery/index.ts';
import { listen, shut } from '#local/listen.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { writeRevoked } from '#shared/keys/store.ts';
import { useSuite } from './suite.ts';
import { type Receiver, startReceiver } from './webhook-receiver.ts';

const suite = useSuite();
const DAY = 86_400;
const [FIRST, SECOND] = ['license-signing.1', 'license-signing.2'];

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  const body = { url: receiver.url, events: ['signing_key.*'] };
  expect((await suite.post('/api/v1/webhooks', body, 'staff')).status).toBe(201);
  // A tenant's own endpoint hears nothing of the vendor's keys.
  expect((await suite.post('/api/v1/webhooks', { ...body, url: `${receiver.url}/tenant` }, 'owner')).status).toBe(201);
});
afterAll(() => receiver.stop());

const rotate = () => suite.post('/internal/keys/rotate', undefined, 'scheduler');
const dispatch = async (gateway = suite.stack.gateway) => {
  const headers = { authorization: `Bearer ${suite.tokens['scheduler']}` };
  return (await fetch(`${gateway}/internal/webhooks/dispatch`, { method: 'POST', headers })).status;
};
/** What was received since the last look: type, key and state before. */
const told = () =>
  receiver.received
    .splice(0)
    .map(({ event: { type, data } }) => `${type} ${data.key_version} ${data.previous?.state ?? ''}`.trim())
    .sort();
const listed = async () =>
  (await suite.send('GET', '/api/v1/events?type=signing_key.*&limit=100', undefined, 'staff')).body;

test('a key that is published, signs, retires and is revoked is told of once, also by two dispatchers at once', async () => {
  const second = webhookDelivery.create(
    suite.stack.environment('webhook-delivery'),
    suite.stack.clock,
    () => undefined,
  );
  const gateways = [suite.stack.gateway, `http://127.0.0.1:${await listen(second.server)}`];
  const dispatchBoth = async () => {
    expect(await Promise.all(gateways.map(dispatch))).toEqual([200, 200]);
    await dispatch(); // what one had planned while the other had looked already
  };

  await dispatchBoth();
  expect(told(), 'the first key was there before the endpoint').toEqual([]);

  suite.stack.clock.advance(31 * DAY);
  expect((await rotate()).body).toMatchObject({ created: SECOND });
  await dispatchBoth();
  const [published] = receiver.received;
  expect(told()).toEqual([`signing_key.published ${SECOND}`]);
  suite.stack.clock.advance(120); // longer than a list is remembered
  const { keys } = (await suite.send('GET', '/api/v1/public-keys')).body;
  const key = keys.find(({ key_version }: { key_version: string }) => key_version === SECOND);
  expect(published?.event).toMatchObject({ tenant_id: null, timestamp: key.created_at });
  expect(published?.event.data).toEqual(key);

  suite.stack.clock.advance(2 * DAY);
  await dispatchBoth();
  expect(told()).toEqual([`signing_key.retired ${FIRST} signing`, `signing_key.signing ${SECOND} published`]);

  const { project } = suite.stack;
  const { FIRESTORE_ENDPOINT: endpoint } = suite.stack.environment('key-rotation');
  const store = createFirestore({ projectId: project.id, database: 'keys', endpoint });
  await writeRevoked(store, SECOND ?? '', { revoked_at: suite.stack.clock.now(), reason: 'a test' });
  await store.close();
  await rotate();
  await dispatchBoth();
  expect(told(), 'the first one signs again, and has a new successor').toEqual([
    'signing_key.published license-signing.3',
    `signing_key.revoked ${SECOND} signing`,
    `signing_key.signing ${FIRST} retired`,
  ]);

  await dispatchBoth();
  expect(told()).toEqual([]);
  await shut(second.server);
  await second.close();
});

test('a dispatcher that dies with its commit tells of it with its next run, once', async () => {
  const before = await listed();
  suite.stack.clock.advance(31 * DAY);
  await rotate();
  suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE' });
  await dispatch();
  suite.stack.recorder.forgetFaults();
  expect(await listed(), 'nothing was written').toEqual(before);
  expect(told()).toEqual([]);
  suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 1, lost: true });
  await dispatch();
  suite.stack.recorder.forgetFaults();
  for (let passes = 0; passes < 5 && receiver.received.length < 3; passes += 1) {
    suite.stack.clock.advance(30); // a lease that nobody holds any more
    await dispatch();
  }
  expect([...new Set(told())]).toEqual([
    'signing_key.published license-signing.4',
    `signing_key.retired ${FIRST} signing`,
    'signing_key.signing license-signing.3 published',
  ]);
  expect(await listed()).toHaveLength(before.length + 3);
  await dispatch();
  expect(told()).toEqual([]);
});
