import { expect, test } from 'vitest';
import { shareIdentical } from '#functions/signed-urls/share-identical.ts';
import { EMAIL, heldSigner } from './fakes.ts';

test('signs what many ask for at once only once', async () => {
  const { signer, held } = heldSigner();
  const shared = shareIdentical(signer);
  const all = Promise.all([shared.sign('a'), shared.sign('b'), shared.sign('a'), shared.sign('a')]);
  expect(held.map(({ text }) => text)).toEqual(['a', 'b']);
  held[0]?.answer(Uint8Array.of(1));
  held[1]?.answer(Uint8Array.of(2));
  expect((await all).map(([byte]) => byte)).toEqual([1, 2, 1, 1]);
  expect(shared.email).toBe(EMAIL);
});

test('keeps nothing afterwards', async () => {
  const { signer, held } = heldSigner();
  const shared = shareIdentical(signer);
  const first = shared.sign('a');
  held[0]?.answer(Uint8Array.of(1));
  await first;
  const second = shared.sign('a');
  held[1]?.answer(Uint8Array.of(2));
  expect((await second)[0]).toBe(2);
});

test('a failure is for all who shared it, and forgotten', async () => {
  const { signer, held } = heldSigner();
  const shared = shareIdentical(signer);
  const failing = Promise.allSettled([shared.sign('a'), shared.sign('a')]);
  held[0]?.fail(new Error('down'));
  expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = shared.sign('a');
  expect(held).toHaveLength(2);
  held[1]?.answer(Uint8Array.of(3));
  expect((await next)[0]).toBe(3);
});
