import { expect, test } from 'vitest';
import { limitInFlight } from '#shared/concurrency/limit-in-flight.ts';
import { faultOf, heldCalls, settled } from './held-calls.ts';

function limit(inFlight: number, waiting: number) {
  const { call, held } = heldCalls();
  return { held, limited: limitInFlight(call, { inFlight, waiting }), texts: () => held.map(({ text }) => text) };
}

test('lets through what fits, and the others in turn', async () => {
  const { held, limited, texts } = limit(2, 3);
  const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map((text) => limited(text)));
  await settled();
  expect(texts()).toEqual(['a', 'b']);
  held[1]?.answer(Uint8Array.of(2));
  await settled();
  expect(texts()).toEqual(['a', 'b', 'c']);
  held[0]?.answer(Uint8Array.of(1));
  held[2]?.answer(Uint8Array.of(3));
  await settled();
  expect(texts()).toEqual(['a', 'b', 'c', 'd', 'e']);
  held[3]?.answer(Uint8Array.of(4));
  held[4]?.answer(Uint8Array.of(5));
  expect((await all).map(([byte]) => byte)).toEqual([1, 2, 3, 4, 5]);
});

test('refuses at once what finds the queue full, and nothing later', async () => {
  const { held, limited, texts } = limit(1, 1);
  const [a, b] = [limited('a'), limited('b')];
  const fault = await faultOf(limited('c'));
  expect([fault.code, fault.retryAfter]).toEqual(['dependency_unavailable', 1]);
  held[0]?.answer(Uint8Array.of(1));
  await a;
  const d = limited('d');
  await settled();
  expect(texts()).toEqual(['a', 'b']);
  held[1]?.answer(Uint8Array.of(2));
  await b;
  await settled();
  held[2]?.answer(Uint8Array.of(4));
  expect((await d)[0]).toBe(4);
  expect(texts()).toEqual(['a', 'b', 'd']);
});

test('a failure gives its place back', async () => {
  const { held, limited, texts } = limit(1, 1);
  const a = limited('a').catch(() => 'failed');
  const b = limited('b');
  await settled();
  held[0]?.fail(new Error('down'));
  expect(await a).toBe('failed');
  await settled();
  expect(texts()).toEqual(['a', 'b']);
  held[1]?.answer(Uint8Array.of(2));
  await b;
  const c = limited('c');
  await settled();
  expect(texts()).toEqual(['a', 'b', 'c']);
  held[2]?.answer(Uint8Array.of(3));
  await c;
});
