import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toProblem } from '#shared/http/problem.ts';
import { systemClock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import { type Database, openDatabase } from './database.ts';
import { FIRESTORES } from './firestores.ts';
import { acquireRequest, createInstance } from './instance.ts';
import { brokenInvariants, readView } from './view.ts';
import { createWorld } from './world.ts';

function tally(answers: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}

for (const { name, present, start } of FIRESTORES) {
  describe.skipIf(!present)(`on ${name}`, () => {
    let database: Database;
    beforeAll(async () => {
      database = await openDatabase(start, 2);
    }, 90_000);
    afterAll(() => database.close());

    const worldOf = (seats: number) =>
      createWorld({
        stores: database.clients,
        plain: database.plain,
        clock: systemClock,
        skews: [0, 0],
        random: Math.random,
        seats,
        release: 'at_once',
      });

    test('2,000 machines on 1,000 seats, through two instances: exactly 1,000 get one, the others are refused at once', async () => {
      const world = await worldOf(1_000);
      const answers = await Promise.all(
        Array.from({ length: 2_000 }, (_, machine) =>
          world.act({ kind: 'acquire', at: machine % 2, machine, newestKey: true }),
        ),
      );
      expect(tally(answers)).toEqual({ 'new session': 1_000, no_seats_available: 1_000 });
      const view = await readView(database.plain, world.licenseId);
      expect(view.sessions.size).toBe(1_000);
      expect(brokenInvariants(view)).toEqual([]);
    }, 120_000);

    test('more than 5,000 waiting for one licence are asked to retry later, and disconnected callers take no seat', async () => {
      const world = await worldOf(5);
      const held = Promise.withResolvers<void>();
      const store: DocumentStore = {
        ...database.plain,
        async get(paths) {
          await held.promise;
          return database.plain.get(paths);
        },
      };
      const { acquire } = createInstance({ store, clock: systemClock, random: Math.random });
      const disconnected = new AbortController();
      const ask = (machine: number) =>
        acquire(acquireRequest(world.keyFor(true).key, `machine-${machine}`, disconnected.signal)).then(
          () => 'granted',
          (error: unknown) => error,
        );

      const underWayAndWaiting = Array.from({ length: 5_001 }, (_, machine) => ask(machine));
      const refused = await ask(5_001);
      expect(isFault(refused, 'dependency_unavailable')).toBe(true);
      expect(toProblem(refused, 'id')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });

      disconnected.abort();
      held.resolve();
      const answers = await Promise.all(underWayAndWaiting);
      expect(answers.filter((answer) => isFault(answer, 'dependency_unavailable'))).toHaveLength(5_001);
      expect((await readView(database.plain, world.licenseId)).sessions.size).toBe(0);
    }, 60_000);

    test('a machine is refused for its own wrong key only', async () => {
      const world = await worldOf(2);
      const other = await worldOf(1);
      const { acquire } = createInstance({ store: database.plain, clock: systemClock, random: Math.random });
      const request = (text: string, machine: number) =>
        acquireRequest({ licenseId: world.licenseId, text }, `machine-${machine}`);
      const right = world.keyFor(true).key.text;
      const wrong = other.keyFor(true).key.text;
      const first = acquire(request(right, 1));
      // These wait for the first and form the next group.
      const [wrongly, rightly] = [acquire(request(wrong, 2)), acquire(request(right, 2))];
      await expect(wrongly).rejects.toMatchObject({ code: 'license_not_found' });
      expect(await first).toMatchObject({ created: true });
      expect(await rightly).toMatchObject({ created: true });
    });
  });
}
