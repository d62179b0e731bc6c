import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FunctionProcess, startFunctionProcess } from './function-process.ts';
import { createStripeSender, createUploadSender, type Sender } from './storm-senders.ts';
import { useSuite } from './suite.ts';
import { type Answer, type Receiver, startReceiver } from './webhook-receiver.ts';

/**
 * Many acts under random faults of every service, receivers that fail, hang, redirect, cut and lie, several dispatchers
 * and the queue at once, and processes that are killed, of administration, billing, uploads and those that deliver: each act's event
 * arrives at least once, and none without its act. `STORM_ACTS=10000` makes it last for minutes.
 */
const suite = useSuite();

const ACTS = Number(process.env['STORM_ACTS'] ?? 300);
const A_ROUND = Math.max(20, ACTS / 50);
const LICENSE_COUNT = 0.3 * A_ROUND;
/** Faults of a kind in a round, at most. */
const FAULTS = 0.3 * A_ROUND;
/** Milliseconds. */
const TIMEOUT = 240_000 + ACTS * 200;
/** Of Stripe and of the bucket, each in a round. */
const MESSAGES = 0.1 * A_ROUND;
const LICENSES = '/api/v1/licenses';
const WEBHOOKS = '/api/v1/webhooks';

/** Repeatable random numbers (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

let receiver: Receiver;
let elsewhere: Receiver;
let dispatcher: FunctionProcess;
let clerk: FunctionProcess;
let stripe: Sender;
let bucket: Sender;
/** A process with real time, in which it gets as many requests as it likes. */
const start = (name: string) => startFunctionProcess(suite.stack, name, { env: { RATE_LIMIT_PER_HOUR: '1000000' } });
beforeAll(async () => {
  receiver = await startReceiver();
  elsewhere = await startReceiver();
  [dispatcher, clerk] = await Promise.all([start('webhook-delivery'), start('admin')]);
  [stripe, bucket] = await Promise.all([createStripeSender(suite.stack), createUploadSender(suite.stack)]);
});
afterAll(async () => {
  await Promise.all([receiver.stop(), elsewhere.stop(), dispatcher.stop('SIGKILL'), clerk.stop('SIGKILL')]);
  await Promise.all([stripe.stop(), bucket.stop()]);
});

test('each act is told of, and nothing else', { timeout: TIMEOUT }, async () => {
  const random = randomFrom(20_261_126);
  const answers: readonly Answer[] = [
    { status: 500 },
    { status: 503, headers: { 'retry-after': '1' } },
    { status: 307, headers: { location: elsewhere.url } },
    { status: 404, body: 'x'.repeat(5_000) },
    'cut',
  ];
  receiver.answer = () => {
    if (receiver.received.length % 1_000 === 250) return 'hang';
    return random() < 0.5 ? (answers[Math.floor(random() * answers.length)] ?? 'cut') : { status: 200 };
  };
  await suite.post(WEBHOOKS, { url: receiver.url, events: ['license.updated'] }, 'owner');
  // The vendor's own endpoint, for events of every tenant.
  await suite.post(WEBHOOKS, { url: receiver.url, events: ['license.created', 'upload.completed'] }, 'staff');
  const licenses = await Promise.all(Array.from({ length: LICENSE_COUNT }, () => suite.license(1)));

  const { recorder, clock, tasks } = suite.stack;
  tasks.queue.resume();
  const acted: string[] = [];
  const refused: string[] = [];
  const dispatch = () => suite.post('/internal/webhooks/dispatch', undefined, 'scheduler');
  const dispatchElsewhere = () =>
    fetch(`${dispatcher.url}/internal/webhooks/dispatch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${suite.tokens['scheduler']}` },
    }).catch(() => undefined);

  /** Half of the acts are a process's that may be killed meanwhile. */
  const relabel = async (license_id: string, label: string, elsewhere: boolean): Promise<number | undefined> => {
    const path = `${LICENSES}/${license_id}`;
    if (!elsewhere) return (await suite.send('PATCH', path, { label }, 'staff')).status;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${suite.tokens['staff']}` };
    const request = { method: 'PATCH', headers, body: JSON.stringify({ label }) };
    return fetch(`${clerk.url}${path}`, request).then(
      ({ status }) => status,
      () => undefined,
    );
  };

  for (let round = 0; round * A_ROUND < ACTS; round += 1) {
    recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', probability: 0.1, times: FAULTS });
    recorder.inject({
      service: 'firestore',
      method: 'Commit',
      code: 'UNKNOWN',
      probability: 0.1,
      times: FAULTS,
      lost: true,
    });
    recorder.inject({
      service: 'firestore',
      method: 'BatchGetDocuments',
      code: 'INTERNAL',
      probability: 0.05,
      times: FAULTS,
    });
    recorder.inject({ service: 'kms', method: 'Decrypt', code: 'UNAVAILABLE', probability: 0.3, times: 2 });
    recorder.inject({
      service: 'tasks',
      method: 'CreateTask',
      code: 'DEADLINE_EXCEEDED',
      probability: 0.5,
      times: FAULTS,
    });
    const acts = Array.from({ length: A_ROUND }, async (_, index) => {
      const { license_id } = licenses[index % licenses.length] ?? { license_id: '' };
      const label = `${round}.${index}`;
      const status = await relabel(license_id, label, index % 2 === 1);
      (status === 200 ? acted : refused).push(label);
    });
    const messages = [stripe.send(MESSAGES), bucket.send(MESSAGES)];
    const runs = [dispatch(), dispatch(), dispatchElsewhere()];
    if (round % 5 === 3) {
      await sleep(random() * 200);
      await Promise.all([dispatcher.stop('SIGKILL'), clerk.stop('SIGKILL'), stripe.restart(), bucket.restart()]);
      [dispatcher, clerk] = await Promise.all([start('webhook-delivery'), start('admin')]);
    }
    await Promise.all([...acts, ...messages, ...runs]);
    recorder.forgetFaults();
    clock.advance(5 * A_ROUND); // no more acts an hour than one person may do
  }
  const [sold, uploaded] = [await stripe.completeAll(), await bucket.completeAll()];
  tasks.queue.pause();
  receiver.answer = () => ({ status: 200 });
  for (let rounds = 0; rounds < 20; rounds += 1) {
    const { body } = await dispatch();
    if (body.pending === 0) break;
    clock.advance(86_400);
  }

  const toldOf = (type: string, name: string) =>
    new Map(receiver.received.flatMap(({ event }) => (event.type === type ? [[event.id, event.data[name]]] : [])));
  const told = toldOf('license.updated', 'label');
  const labels = [...told.values()].sort();
  expect(acted.length).toBeGreaterThan(ACTS / 2);
  // An act whose outcome stayed unknown to its caller may have happened; then it is told of, too.
  expect(acted.filter((label) => !labels.includes(label))).toEqual([]);
  expect(labels.filter((label) => !acted.includes(label) && !refused.includes(label))).toEqual([]);
  expect(new Set(labels).size, 'one event for each act').toBe(labels.length);
  const logged = new Set<string>();
  for (const { license_id } of licenses) {
    let path: string | undefined = `/api/v1/events?license_id=${license_id}&type=license.updated&limit=100`;
    while (path !== undefined) {
      const reply = await suite.send('GET', path, undefined, 'owner');
      for (const { id } of reply.body) logged.add(id);
      path = /<([^>]+)>; rel="next"/.exec(reply.headers.get('link') ?? '')?.[1];
    }
  }
  expect(new Set(told.keys())).toEqual(logged);
  // What came from outside was repeated until it was accepted, so each has one event, and each event was told.
  const soldItems = [...toldOf('license.created', 'reference').values()].filter((reference) => reference !== null);
  expect(soldItems.sort()).toEqual(sold.toSorted());
  expect([...toldOf('upload.completed', 'object').values()].sort()).toEqual(uploaded.toSorted());
  expect(elsewhere.received).toEqual([]);
  const attempts = receiver.received.length;
  process.stdout.write(
    `storm: ${JSON.stringify({ acted: acted.length, refused: refused.length, told: told.size, sold: sold.length, uploaded: uploaded.length, attempts })}\n`,
  );
});
