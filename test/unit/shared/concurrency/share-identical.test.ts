import { expect, test } from 'vitest';
import { shareIdentical } from '#shared/concurrency/share-identical.ts';
import { heldCalls } from './held-calls.ts';

test('calls once for concurrent callers with the same key', async () => {
  const { call, held } = heldCalls();
  const shared = shareIdentical(call);
  const all = Promise.all([shared('a'), shared('b'), shared('a'), shared('a')]);
  expect(held.map(({ text }) => text)).toEqual(['a', 'b']);
  held[0]?.answer(Uint8Array.of(1));
  held[1]?.answer(Uint8Array.of(2));
  expect((await all).map(([byte]) => byte)).toEqual([1, 2, 1, 1]);
});

test('keeps nothing afterwards', async () => {
  const { call, held } = heldCalls();
  const shared = shareIdentical(call);
  const first = shared('a');
  held[0]?.answer(Uint8Array.of(1));
  await first;
  const second = shared('a');
  held[1]?.answer(Uint8Array.of(2));
  expect((await second)[0]).toBe(2);
});

test('a failure is for all who shared it, and forgotten', async () => {
  const { call, held } = heldCalls();
  const shared = shareIdentical(call);
  const failing = Promise.allSettled([shared('a'), shared('a')]);
  held[0]?.fail(new Error('down'));
  expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = shared('a');
  expect(held).toHaveLength(2);
  held[1]?.answer(Uint8Array.of(3));
  expect((await next)[0]).toBe(3);
});
