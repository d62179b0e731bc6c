import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FunctionProcess, startFunctionProcess } from './function-process.ts';
import { useSuite } from './suite.ts';
import { type Answer, type Receiver, startReceiver } from './webhook-receiver.ts';

/**
 * Many acts under random faults of every service, receivers that fail, hang, redirect, cut and lie, several dispatchers at
 * once, and dispatchers that are killed: each act's event arrives at least once, and none without its act.
 */
const suite = useSuite();

const ACTS = 600;
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
let victim: FunctionProcess;
beforeAll(async () => {
  receiver = await startReceiver();
  elsewhere = await startReceiver();
  victim = await startFunctionProcess(suite.stack, 'webhook-delivery', { env: { WEBHOOK_ALLOW_LOOPBACK: 'true' } });
});
afterAll(async () => {
  await Promise.all([receiver.stop(), elsewhere.stop(), victim.stop('SIGKILL')]);
});

test('each act is told of, and nothing else', async () => {
  const random = randomFrom(20_261_126);
  const answers: readonly Answer[] = [
    { status: 500 },
    { status: 503, headers: { 'retry-after': '1' } },
    { status: 307, headers: { location: elsewhere.url } },
    { status: 404, body: 'x'.repeat(5_000) },
    'cut',
  ];
  receiver.answer = () =>
    random() < 0.5 ? (answers[Math.floor(random() * answers.length)] ?? 'cut') : { status: 200 };
  await suite.post(WEBHOOKS, { url: receiver.url, events: ['license.updated'] }, 'owner');
  const licenses = await Promise.all(Array.from({ length: 6 }, () => suite.license(1)));

  const { recorder, clock } = suite.stack;
  const acted: string[] = [];
  const refused: string[] = [];
  const dispatch = () => suite.post('/internal/webhooks/dispatch', undefined, 'scheduler');
  const dispatchElsewhere = () =>
    fetch(`${victim.url}/internal/webhooks/dispatch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${suite.tokens['scheduler']}` },
    }).catch(() => undefined);

  for (let round = 0; round * 20 < ACTS; round += 1) {
    recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', probability: 0.1, times: 6 });
    recorder.inject({
      service: 'firestore',
      method: 'Commit',
      code: 'UNKNOWN',
      probability: 0.1,
      times: 6,
      lost: true,
    });
    recorder.inject({
      service: 'firestore',
      method: 'BatchGetDocuments',
      code: 'INTERNAL',
      probability: 0.05,
      times: 4,
    });
    recorder.inject({ service: 'kms', method: 'Decrypt', code: 'UNAVAILABLE', probability: 0.3, times: 2 });
    recorder.inject({ service: 'tasks', method: 'CreateTask', code: 'DEADLINE_EXCEEDED', probability: 0.5, times: 10 });
    const acts = Array.from({ length: 20 }, async (_, index) => {
      const { license_id } = licenses[index % licenses.length] ?? { license_id: '' };
      const label = `${round}.${index}`;
      const { status } = await suite.send('PATCH', `${LICENSES}/${license_id}`, { label }, 'staff');
      (status === 200 ? acted : refused).push(label);
    });
    const runs = [dispatch(), dispatch(), dispatchElsewhere()];
    if (round % 10 === 5) {
      await sleep(random() * 200);
      await victim.stop('SIGKILL');
      victim = await startFunctionProcess(suite.stack, 'webhook-delivery', { env: { WEBHOOK_ALLOW_LOOPBACK: 'true' } });
    }
    await Promise.all([...acts, ...runs]);
    recorder.forgetFaults();
    clock.advance(30);
  }
  receiver.answer = () => ({ status: 200 });
  for (let rounds = 0; rounds < 20; rounds += 1) {
    const { body } = await dispatch();
    if (body.pending === 0) break;
    clock.advance(86_400);
  }

  const told = new Map(receiver.received.map(({ event }) => [event.id, event.data.label]));
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
  expect(elsewhere.received).toEqual([]);
}, 240_000);
