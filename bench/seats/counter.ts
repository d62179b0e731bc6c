import { Firestore } from '@google-cloud/firestore';
import { freshProject } from './firestore.ts';
import type { Contender } from './storm.ts';

/**
 * What most code does: the licence counts its seats in use, and a transaction reads, compares and raises the count.
 * The handwritten client, whose address comes from FIRESTORE_EMULATOR_HOST, with its settings as they are.
 */
export const createCounter = (name: string): Contender => ({
  name,
  async open(seats, taken) {
    const firestore = new Firestore({ projectId: freshProject() });
    const license = firestore.doc('licenses/the-one');
    const sessions = firestore.collection('sessions');
    await license.create({ max_seats: seats, seats_used: taken });
    let attempts = 0;
    let pending = 0;
    return {
      claim(client) {
        pending += 1;
        const claimed = firestore.runTransaction(async (transaction) => {
          attempts += 1;
          const found = await transaction.get(license);
          const used = Number(found.get('seats_used'));
          if (used >= Number(found.get('max_seats'))) return 'refused';
          transaction.update(license, { seats_used: used + 1 });
          transaction.create(sessions.doc(client), { expires_at: Date.now() + 360_000 });
          return 'granted';
        });
        return claimed.finally(() => {
          pending -= 1;
        });
      },
      holders: async () => taken + (await sessions.count().get()).data().count,
      // A read and a commit each; what it rolls back is not counted.
      costs: () => ({ rpcs: 2 * attempts, commits: attempts }),
      // A transaction under way would fail on a closed client with an error that cannot be caught.
      close: async () => (pending === 0 ? firestore.terminate() : undefined),
    };
  },
});
