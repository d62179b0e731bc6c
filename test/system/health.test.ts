import { afterAll, beforeAll, expect, test } from 'vitest';
import { consoleFunction } from '#functions/console/index.ts';
import { listen, shut } from '#local/listen.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import type { RunningFunction } from '#shared/http/function.ts';
import { budgetWindow } from '#shared/signing/budget.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
const health = async () => (await suite.send('GET', '/api/v1/health', undefined, 'staff')).body;

test('no run yet, then the latest one, and one that is late', async () => {
  const before = await health();
  expect([before.reaper, before.key_list.late, before.signatures]).toEqual([null, false, null]);
  await suite.post('/internal/sessions/reap', undefined, 'scheduler');
  const { reaper, checked_at } = await health();
  expect(reaper).toMatchObject({ ended: 0, remaining: 0, late: false });
  expect(Date.parse(checked_at)).toBeGreaterThanOrEqual(Date.parse(reaper.ran_at));
  suite.stack.clock.advance(301);
  expect((await health()).reaper.late).toBe(true);
});

test('the key list is late when no rotation has signed one for a day', async () => {
  const { key_list } = await health();
  suite.stack.clock.advance(27 * 3600);
  expect((await health()).key_list.late).toBe(true);
  await suite.post('/internal/keys/rotate', undefined, 'scheduler');
  const renewed = (await health()).key_list;
  expect([renewed.late, renewed.sequence > key_list.sequence]).toEqual([false, true]);
});

test('a reaper whose record is lost has reaped all the same', async () => {
  suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 1 });
  const { status } = await suite.post('/internal/sessions/reap', undefined, 'scheduler');
  expect(status).toBe(200);
});

let running: RunningFunction;
let origin: string;
beforeAll(async () => {
  const { stack } = suite;
  const environment = { ...stack.environment('console'), KMS_SIGNATURES_PER_MINUTE: '600' };
  running = consoleFunction.create(environment, stack.clock, () => undefined);
  origin = `http://127.0.0.1:${await listen(running.server)}`;
});
afterAll(async () => {
  await shut(running.server);
  await running.close();
});

test('the budget of KMS: what the instances have taken of the running window', async () => {
  const { project, firestore, clock } = suite.stack;
  const store = createFirestore({ projectId: project.id, database: '(default)', endpoint: firestore });
  const { path, budget, seconds } = budgetWindow({ subject: project.signingKey, perMinute: 600 }, clock.now());
  await store.add(path, [['leased', 7]], clock.now() + 60_000);
  await store.close();
  const response = await fetch(`${origin}/api/v1/health`, {
    headers: { authorization: `Bearer ${suite.tokens['staff']}` },
  });
  const { signatures } = (await response.json()) as { signatures: { taken: number } };
  expect(signatures).toMatchObject({ per_minute: 600, window_seconds: seconds, available: budget });
  // Unless the window has ended in between.
  expect([7, 0]).toContain(signatures.taken);
});
