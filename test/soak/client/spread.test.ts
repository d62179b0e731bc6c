import { expect, test } from 'vitest';
import { unpinnedKeys } from '../../../client/src/keys/unpinned.ts';
import { holdSeatOn } from '../../../client/src/seat/hold.ts';
import { memoryStorage } from '../../../client/src/storage/memory.ts';
import { createMachine } from '../../unit/client/machine.ts';
import { createModelServer } from '../../unit/client/model-server.ts';
import { createWorld, START, seeded } from '../../unit/client/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const CLIENTS = 1_000;
/** A beat every 105 to 120 seconds each. */
const AVERAGE = CLIENTS / 112.5;

async function busiestSeconds(seed: number, startWithin: number, fault: 'refused' | 'silent' | '503') {
  const world = createWorld();
  const random = seeded(seed);
  const server = createModelServer(world.now, {
    KEY: { seats: CLIENTS, leaseSeconds: 360, offlineSeconds: 72 * 3600, expiresAt: START + 365 * 24 * 60 * MINUTE },
  });
  const seconds = new Map<number, number>();
  const onRequest = (_path: string, time: number) => {
    const second = Math.floor((time - START) / SECOND);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  };
  const machines = Array.from({ length: CLIENTS }, (_, i) =>
    createMachine({ world, server, random, name: `m${i}`, onRequest }),
  );
  for (const { name, platform } of machines) {
    world.at(START + startWithin * random(), () => {
      const options = { url: 'http://licenses.example', licenseKey: 'KEY', product: 'default', hardwareId: name };
      void holdSeatOn(platform, { ...options, keys: unpinnedKeys(), storage: memoryStorage() });
    });
  }
  const busiest = (from: number, until: number) =>
    Math.max(...[...seconds].filter(([s]) => s * SECOND >= from && s * SECOND < until).map(([, count]) => count));

  await world.run(START + 20 * MINUTE);
  for (const machine of machines) if (fault !== '503') machine.network = fault;
  if (fault === '503') server.fault = 'down';
  await world.run(START + 25 * MINUTE);
  for (const machine of machines) machine.network = 'up';
  server.fault = undefined;
  await world.run(START + 35 * MINUTE);
  return {
    before: busiest(12 * MINUTE, 20 * MINUTE),
    after: busiest(25 * MINUTE, 35 * MINUTE),
    live: [...server.sessions.values()].filter(({ expiresAt }) => expiresAt > world.now()).length,
  };
}

test.each([
  ['refused', 2 * SECOND],
  ['silent', 10 * MINUTE],
  ['503', 2 * SECOND],
] as const)(
  'after an outage of five minutes (%s) no second sees more than three times the average',
  async (fault, startWithin) => {
    const { before, after, live } = await busiestSeconds(11, startWithin, fault);
    expect(live).toBe(CLIENTS);
    for (const count of [before, after]) {
      expect(count).toBeGreaterThan(AVERAGE);
      expect(count).toBeLessThanOrEqual(3 * AVERAGE);
    }
  },
  60_000,
);
