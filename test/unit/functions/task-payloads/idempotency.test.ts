import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Attempt, createIdempotency } from '#functions/task-payloads/idempotency.ts';
import { memoryStore } from './memory-store.ts';

const START = 1_700_000_000_000;
const LEASE = 90_000;
const DAY = 86_400_000;

let now: number;
let store: ReturnType<typeof memoryStore>;
let idempotency: ReturnType<typeof createIdempotency>;
beforeEach(() => {
  now = START;
  store = memoryStore();
  idempotency = createIdempotency(store, { now: () => now });
});

const claim = (taskId: string, rest: { key?: string; body?: string; caller?: string } = {}) =>
  idempotency.claim({
    caller: rest.caller ?? 'a@b',
    key: rest.key ?? 'key',
    body: [Buffer.from(rest.body ?? 'body')],
    taskId,
  });

async function attempt(taskId: string, rest = {}): Promise<Attempt> {
  const found = await claim(taskId, rest);
  if (found.kind !== 'started') throw new Error(`expected a claim, got ${found.kind}`);
  return found.attempt;
}

describe('a key', () => {
  test('is one attempt’s until that has settled; then it has an answer', async () => {
    const first = await attempt('1');
    await expect(claim('2')).rejects.toMatchObject({ code: 'idempotency_in_progress', retryAfter: 2 });
    await first.saveResponse('answer');
    expect(await claim('3')).toEqual({ kind: 'completed', response: 'answer' });
    await first.saveResponse('more');
    expect(await claim('4')).toEqual({ kind: 'completed', response: 'more' });
  });

  test('with another body is refused, settled or not', async () => {
    const first = await attempt('1');
    await expect(claim('2', { body: 'other' })).rejects.toMatchObject({ code: 'idempotency_conflict' });
    await first.saveResponse('answer');
    await expect(claim('2', { body: 'other' })).rejects.toMatchObject({ code: 'idempotency_conflict' });
  });

  test('is the caller’s own', async () => {
    await attempt('1');
    await attempt('2', { caller: 'c@d', body: 'other' });
    expect(store.documents.size).toBe(2);
  });

  test('lives for 24 hours', async () => {
    await (await attempt('1')).saveResponse('answer');
    now = START + DAY - 1;
    expect(await claim('2')).toMatchObject({ kind: 'completed' });
    now = START + DAY;
    expect((await attempt('3', { body: 'other' })).abandoned).toEqual([]);
  });
});

describe('an attempt that does not settle', () => {
  test('is taken over after its lease, and can settle no more', async () => {
    const first = await attempt('1');
    now += LEASE - 1;
    await expect(claim('2')).rejects.toMatchObject({ code: 'idempotency_in_progress' });
    now += 1;
    const second = await attempt('2');
    expect(second.abandoned).toEqual(['1']);
    await expect(first.saveResponse('late')).rejects.toMatchObject({ code: 'conflict' });
    await second.saveResponse('answer');
    await expect(first.release()).rejects.toMatchObject({ code: 'conflict' });
    expect(await claim('3')).toEqual({ kind: 'completed', response: 'answer' });
  });

  test('and lives on past its lease wins if nobody came', async () => {
    const first = await attempt('1');
    now += LEASE * 10;
    await first.saveResponse('answer');
    expect(await claim('2')).toEqual({ kind: 'completed', response: 'answer' });
  });

  test('but releases lets the next one in at once, with its task to clear away', async () => {
    const first = await attempt('1');
    await first.saveResponse('answer');
    await first.release();
    expect((await attempt('2')).abandoned).toEqual(['1']);
  });

  test.each([2, 3, 7])('%i times in a row leaves all its tasks to clear away', async (crashes) => {
    for (let crash = 1; crash <= crashes; crash += 1) {
      await attempt(`crashed-${crash}`);
      now += LEASE;
    }
    const { abandoned, saveResponse } = await attempt('last');
    expect(abandoned).toEqual(Array.from({ length: crashes }, (_, index) => `crashed-${index + 1}`));
    await saveResponse('answer');
    expect(await claim('later')).toEqual({ kind: 'completed', response: 'answer' });
  });
});

describe('a commit whose answer is lost', () => {
  test('is found by reading, at the claim and at the settling', async () => {
    store.loseAnswers(1);
    const first = await attempt('1');
    store.loseAnswers(1);
    await first.saveResponse('answer');
    expect(await claim('2')).toEqual({ kind: 'completed', response: 'answer' });
  });

  test('every time: the store is unavailable, and it is not claimed twice', async () => {
    store.loseAnswers(1);
    await attempt('1');
    await expect(claim('2')).rejects.toMatchObject({ code: 'idempotency_in_progress' });
  });
});

test('what rests does not tell key or body, nor a hash of them', async () => {
  await attempt('1');
  const text = JSON.stringify([...store.documents]);
  for (const secret of ['key', 'body', 'a@b:key', '\u0000body']) {
    const digest = createHash('sha256').update(secret).digest();
    expect(text).not.toContain(digest.toString('hex'));
    expect(text).not.toContain(digest.toString('base64'));
  }
  await attempt('2', { key: 'other', body: 'body' });
  const macs = [...store.documents.values()].map(({ fields }) => fields['body_mac']);
  expect(new Set(macs).size).toBe(2);
});
