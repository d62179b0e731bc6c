import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '#shared/model/clock.ts';
import { type Database, FIRESTORES, openDatabase } from './database.ts';
import { acquireRequest, createInstance } from './instance.ts';
import { brokenInvariants, readView } from './view.ts';
import { createWorld } from './world.ts';

const MACHINES = 1_000;
const SEATS = 200;
const INSTANCES = 4;
const MAX_ROUNDS = 60;
const ALL = 10_000;

/** Everybody wants a seat at once, waits for it, and gives it back: nobody is left out, and no seat is given twice. */
describe.for(FIRESTORES.slice(0, 1))('on $name', ({ start }) => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase(start, INSTANCES);
  }, 90_000);
  afterAll(() => database.close());

  test.for([1, INSTANCES])(
    '1,000 machines queue, acquire and release on 200 seats, through %d instances',
    { timeout: 300_000 },
    async (count) => {
      let now = Date.parse('2027-01-01T06:00:00Z');
      const clock: Clock = { now: () => now };
      const stores = database.direct.slice(0, count);
      const world = await createWorld({
        stores,
        plain: database.plain,
        clock,
        skews: stores.map(() => 0),
        random: Math.random,
        seats: SEATS,
        release: 'at_once',
        terms: { queue: { max_length: 10_000 } },
      });
      const instances = stores.map((store) => createInstance({ store, clock, random: Math.random }));
      const { key } = world.keyFor(true);
      const machines = Array.from({ length: MACHINES }, (_, machine) => machine);
      const served = new Map<number, number>();
      let holding = new Map<number, string>();

      for (let round = 0; served.size < MACHINES && round < MAX_ROUNDS; round += 1) {
        // A second passes, so that no ticket dies while its machine polls.
        now += 1_000;
        const [releasing, asking] = [holding, machines.filter((machine) => !served.has(machine))];
        holding = new Map();
        const asks = asking.map(async (machine) => {
          const instance = instances[machine % count];
          const outcome = await instance?.acquire({
            ...acquireRequest(key, `machine-${machine}`),
            queue: { maxWaitSeconds: 3_600 },
          });
          if (outcome?.kind !== 'acquired') return;
          served.set(machine, round);
          holding.set(machine, outcome.lease.sessionId);
        });
        const releases = [...releasing].map(([machine, sessionId]) => instances[machine % count]?.release(sessionId));
        await Promise.all([...asks, ...releases]);
        const view = await readView(database.plain, world.licenseId);
        expect(brokenInvariants(view)).toEqual([]);
        expect(view.sessions.size).toBe(holding.size);
        expect(holding.size).toBeLessThanOrEqual(SEATS);
      }

      expect(served.size).toBe(MACHINES);
      await Promise.all([...holding].map(([machine, sessionId]) => instances[machine % count]?.release(sessionId)));
      const view = await readView(database.plain, world.licenseId);
      const tickets = await database.plain.query({
        collection: `licenses/${world.licenseId}/queue`,
        where: [],
        limit: ALL,
      });
      expect([view.sessions.size, tickets.length, view.ended.size]).toEqual([0, 0, MACHINES]);
    },
  );
});
