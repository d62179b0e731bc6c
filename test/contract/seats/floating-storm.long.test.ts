import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import { type Database, openDatabase } from './database.ts';
import { EMBEDDED } from './firestores.ts';
import { acquireRequest, createInstance } from './instance.ts';
import { BORROW_SECONDS } from './operations.ts';
import { brokenInvariants, readView } from './view.ts';
import { createWorld, type World } from './world.ts';

/** STORM_MACHINES=1000 is the storm of docs/seats.md: 200 seats, of which 50 may be borrowed. */
const MACHINES = Number(process.env['STORM_MACHINES'] ?? 300);
const SEATS = MACHINES / 5;
const CAP = MACHINES / 20;
const INSTANCES = 4;
const MAX_ROUNDS = 60;
const ALL = 10_000;

/** Every third machine borrows its seat. */
const borrows = (machine: number) => machine % 3 === 0;

type Answer = 'seat' | 'ticket' | 'no_borrow_available';

/**
 * Everybody wants a seat at once, some of them a borrowed one, waits for it, and gives it back: nobody is left out, no seat
 * is given twice, and none is borrowed beyond the cap.
 */
describe.for([EMBEDDED])('on $name', ({ start }) => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase(start, INSTANCES);
  }, 90_000);
  afterAll(() => database.close());

  const ticketsOf = ({ licenseId }: World) =>
    database.plain.query({ collection: `licenses/${licenseId}/queue`, where: [], limit: ALL });

  test.for([1, INSTANCES])(
    `${MACHINES} machines borrow, acquire, queue and release on ${SEATS} seats, ${CAP} to borrow, through %d instances`,
    { timeout: 600_000 },
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
        borrow: CAP,
      });
      const instances = stores.map((store) => createInstance({ store, clock, random: Math.random }));
      const { key } = world.keyFor(true);
      const served = new Set<number>();
      let holding = new Map<number, string>();

      const instanceOf = (machine: number) => {
        const instance = instances[machine % count];
        if (instance === undefined) throw new TypeError('every machine has an instance');
        return instance;
      };

      async function ask(machine: number): Promise<Answer> {
        const wanted = borrows(machine) ? { borrow: { seconds: Math.max(...BORROW_SECONDS) } } : {};
        const request = acquireRequest(key, `machine-${machine}`);
        try {
          const outcome = await instanceOf(machine).acquire({
            ...request,
            ...wanted,
            queue: { maxWaitSeconds: 3_600 },
          });
          if (outcome.kind === 'queued') return 'ticket';
          served.add(machine);
          holding.set(machine, outcome.lease.sessionId);
          return 'seat';
        } catch (error) {
          if (isFault(error, 'no_borrow_available')) return 'no_borrow_available';
          throw error;
        }
      }

      for (let round = 0; served.size < MACHINES && round < MAX_ROUNDS; round += 1) {
        // A second passes, so that no ticket dies while its machine polls.
        now += 1_000;
        const releasing = holding;
        holding = new Map();
        const asking = Array.from({ length: MACHINES }, (_, machine) => machine).filter((one) => !served.has(one));
        const [answers] = await Promise.all([
          Promise.all(asking.map(ask)),
          Promise.all([...releasing].map(([machine, sessionId]) => instanceOf(machine).release(sessionId))),
        ]);

        const view = await readView(database.plain, world.licenseId);
        const tickets = await ticketsOf(world);
        const borrowing = [...holding.keys()].filter(borrows).length;
        const waiting = answers.filter((answer) => answer === 'ticket').length;
        expect(brokenInvariants(view)).toEqual([]);
        expect([view.seats.size, view.sessions.size, view.borrows.length]).toEqual([SEATS, holding.size, borrowing]);
        expect(borrowing).toBeLessThanOrEqual(CAP);
        expect(tickets.length).toBeGreaterThanOrEqual(waiting);
        // All seats are there to be had at first, and for borrowers alone as many as may be borrowed.
        if (round === 0) expect([holding.size, borrowing]).toEqual([SEATS, Math.min(CAP, borrowing)]);
      }

      expect(served.size).toBe(MACHINES);
      await Promise.all([...holding].map(([machine, sessionId]) => instanceOf(machine).release(sessionId)));
      const view = await readView(database.plain, world.licenseId);
      const left = [view.sessions.size, view.borrows.length, (await ticketsOf(world)).length];
      expect([...left, view.ended.size]).toEqual([0, 0, 0, MACHINES]);
    },
  );
});
