import { describe, expect, it } from 'vitest';
import type { Logger } from '#shared/model/logger.ts';
import { createSharedBudget, type SigningBudget } from '#shared/signing/budget.ts';
import { memoryCounter } from '../../memory-counter.ts';
import { createVirtualTime } from '../../virtual-time.ts';

const HSM = 214;
const MINUTE = 60_000;
const SECOND = 1_000;
/** What windows of ten seconds leave of an HSM's 214: any sixty seconds stay within the quota. */
const SPENT = 180;

function setUp(perMinute = HSM) {
  const time = createVirtualTime();
  const counter = memoryCounter();
  const events: string[] = [];
  const log: Logger = { log: (_severity, event) => events.push(event), with: () => log };
  const instance = () => createSharedBudget({ counter, subject: 'key', perMinute, clock: time.clock, log });
  return { time, counter, events, instance };
}

type World = ReturnType<typeof setUp>;

/** Takes whatever it gets until a moment. @returns when it got each */
async function takeAll({ time }: World, budget: SigningBudget, until: number): Promise<number[]> {
  const taken: number[] = [];
  while (time.clock.now() < until) {
    const wait = await budget.take(8);
    if (wait === 0) taken.push(time.clock.now());
    else await time.pause(Math.min(wait, SECOND));
  }
  return taken;
}

/** Takes one in a while. @returns how long each had to wait */
async function takeEach({ time }: World, budget: SigningBudget, interval: number, until: number): Promise<number[]> {
  const waits: number[] = [];
  while (time.clock.now() < until) {
    const since = time.clock.now();
    for (let wait = await budget.take(1); wait > 0; wait = await budget.take(1)) await time.pause(wait);
    waits.push(time.clock.now() - since);
    await time.pause(Math.max(0, since + interval - time.clock.now()));
  }
  return waits;
}

/** The most within any minute. */
const mostInAMinute = (taken: readonly number[]) =>
  Math.max(...taken.map((begin) => taken.filter((at) => at >= begin && at < begin + MINUTE).length));

describe('a budget that instances share', () => {
  it('serves ten machines, one a second, each on an instance of its own, at once', async () => {
    const world = setUp();
    const start = world.time.clock.now();
    const waits = Array.from({ length: 10 }, async (_, index) => {
      const budget = world.instance();
      await world.time.pause(index * SECOND);
      return budget.take(1);
    });
    expect(await world.time.run(Promise.all(waits))).toEqual(Array.from({ length: 10 }, () => 0));
    expect(world.time.clock.now() - start).toBe(9 * SECOND);
    expect(world.counter.calls()).toBe(20);
  });

  it('lets one busy instance use it all while the other one is idle', async () => {
    const world = setUp();
    const [busy, idle] = [world.instance(), world.instance()];
    expect(await idle.take(1)).toBe(0);
    const end = world.time.clock.now() + 10 * MINUTE;
    const taken = await world.time.run(takeAll(world, busy, end));
    expect(taken.length).toBeGreaterThanOrEqual(0.97 * 10 * SPENT);
    expect(mostInAMinute(taken)).toBeLessThanOrEqual(HSM);
  });

  it.each([2, 4, 10])('is never exceeded by %d busy instances, and each has its part', async (count) => {
    const world = setUp();
    const end = world.time.clock.now() + 10 * MINUTE;
    const budgets = Array.from({ length: count }, () => world.instance());
    const taken = await world.time.run(Promise.all(budgets.map((budget) => takeAll(world, budget, end))));
    const all = taken.flat().toSorted((a, b) => a - b);
    expect(all.length).toBeLessThanOrEqual(10 * HSM);
    expect(all.length).toBeGreaterThanOrEqual(0.9 * 10 * SPENT);
    expect(mostInAMinute(all)).toBeLessThanOrEqual(HSM);
    for (const { length } of taken) expect(length).toBeGreaterThanOrEqual((0.6 * 10 * SPENT) / count);
  });

  it('leaves a quiet instance its turn beside a busy one', async () => {
    const world = setUp();
    const end = world.time.clock.now() + 10 * MINUTE;
    const [taken, waits] = await world.time.run(
      Promise.all([takeAll(world, world.instance(), end), takeEach(world, world.instance(), 2 * SECOND, end)]),
    );
    expect(taken.length).toBeGreaterThanOrEqual(0.7 * 10 * SPENT);
    expect(waits.filter((wait) => wait > 2 * SECOND).length).toBeLessThanOrEqual(0.1 * waits.length);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5 * SECOND);
  });

  it('saves three seconds up in a pause', async () => {
    const world = setUp();
    const budget = world.instance();
    for (const _ of [1, 2]) {
      const taken = await world.time.run(takeAll(world, budget, world.time.clock.now() + 1));
      expect(taken).toHaveLength(Math.floor((3 * 30) / 10));
      await world.time.run(world.time.pause(MINUTE));
    }
  });

  it('tells when the next one is due, and the one after it', async () => {
    const world = setUp(70); // 10 in ten seconds
    const budget = world.instance();
    expect([1, 3, 4].map(budget.waitFor)).toEqual([0, 0, 1_000]);
    for (let i = 0; i < 3; i += 1) expect(await budget.take(1)).toBe(0);
    expect([1, 2].map(budget.waitFor)).toEqual([1_000, 2_000]);
    expect(await budget.take(1)).toBe(1_000);
  });

  it('counts a small budget by the minute', async () => {
    const world = setUp(6);
    const budget = world.instance();
    expect(await budget.take(1)).toBe(0);
    expect(await budget.take(1)).toBe(10 * SECOND);
    const taken = await world.time.run(takeAll(world, budget, world.time.clock.now() + 10 * MINUTE));
    expect(taken.length).toBeLessThanOrEqual(60);
    expect(taken.length).toBeGreaterThanOrEqual(58);
  });

  it('leases more at once where there is more: the RPCs stay few', async () => {
    const world = setUp(60_000);
    const budget = world.instance();
    const taken = await world.time.run(takeAll(world, budget, world.time.clock.now() + 10 * SECOND));
    expect(taken.length).toBeGreaterThan(8_000);
    expect(world.counter.calls()).toBeLessThanOrEqual(104);
  });

  it('goes on with a sixteenth while the store fails, says so, and shares again afterwards', async () => {
    const world = setUp();
    const budget = world.instance();
    world.counter.fail(true);
    const down = await world.time.run(takeAll(world, budget, world.time.clock.now() + 10 * MINUTE));
    expect(down.length).toBeGreaterThanOrEqual((0.9 * 10 * SPENT) / 16);
    expect(down.length).toBeLessThanOrEqual((1.1 * 10 * SPENT) / 16);
    expect(new Set(world.events)).toEqual(new Set(['kms_budget_unshared']));
    expect(world.counter.calls()).toBeLessThanOrEqual(122);
    world.counter.fail(false);
    await world.time.run(world.time.pause(MINUTE));
    const up = await world.time.run(takeAll(world, budget, world.time.clock.now() + 10 * MINUTE));
    expect(up.length).toBeGreaterThanOrEqual(0.95 * 10 * SPENT);
  });
});
