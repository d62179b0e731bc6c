import { expect, test } from 'vitest';
import { createFairQueue } from '#shared/concurrency/fair-queue.ts';

const owner = (tenant: string, license = 'l') => ({ tenant, license });

function drained(queue: { shift(): string | undefined }): string {
  const items: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items.join(' ');
}

test('tenants take turns, and the licences within each', () => {
  const queue = createFairQueue<string>();
  for (const item of ['a1', 'a2', 'a3']) queue.push(owner('a', 'first'), item);
  queue.push(owner('a', 'second'), 'A1');
  for (const item of ['b1', 'b2']) queue.push(owner('b'), item);
  expect(queue.size).toBe(6);
  expect(drained(queue)).toBe('a1 b1 A1 b2 a2 a3');
  expect(queue.size).toBe(0);
});

test('one that comes behind a crowd of another tenant is served second', () => {
  const queue = createFairQueue<string>();
  for (let i = 0; i < 1_000; i += 1) queue.push(owner('crowd', `l${i % 3}`), 'crowd');
  expect(queue.ahead(owner('other'))).toBe(1);
  expect(queue.ahead(owner('crowd', 'l9'))).toBe(3);
  expect(queue.ahead(owner('crowd', 'l1'))).toBe(1_000);
  queue.push(owner('other'), 'other');
  expect([queue.shift(), queue.shift()]).toContain('other');
});

test('what is told to be ahead is ahead, give or take a turn of each licence', () => {
  let seed = 1;
  const draw = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 500; round += 1) {
    const queue = createFairQueue<string>();
    for (let i = draw(30); i > 0; i -= 1) queue.push(owner(`t${draw(3)}`, `l${draw(3)}`), 'other');
    for (let i = draw(5); i > 0; i -= 1) queue.shift();
    const mine = owner(`t${draw(4)}`, `l${draw(4)}`);
    const ahead = queue.ahead(mine);
    queue.push(mine, 'mine');
    let served = 0;
    while (queue.shift() !== 'mine') served += 1;
    expect(Math.abs(served - ahead)).toBeLessThanOrEqual(9);
  }
});
