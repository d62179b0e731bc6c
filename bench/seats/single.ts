import { randomUUID } from 'node:crypto';
import { createAcquire } from '#functions/seats/acquire.ts';
import { systemClock } from '#shared/model/clock.ts';
import { SHARDS } from '#shared/model/session.ts';
import { machineId, newSessionName } from '#shared/model/session-id.ts';
import { claim } from '#shared/seats/claim-commits.ts';
import { queries } from '#shared/seats/queries.ts';
import type { NewSession } from '#shared/seats/session-writes.ts';
import { CommitError, type Document } from '#shared/store/store.ts';
import { createGround, type Ground } from './firestore.ts';
import { fill, instantSign } from './ours.ts';
import type { Answer, Contender } from './storm.ts';

/** More seats to try than one, since others see the same ones; sixteen a query were faster than 128. */
const CANDIDATES = 16;

/**
 * A document a seat and our commits, but one for each client, all at once, with nothing gathered: what many instances
 * would do to one licence. It reads neither licence nor holder, so it is less than an acquire has to do.
 */
export const createSingle = (name: string, host: string): Contender => ({
  name,
  async open(seats, taken) {
    const ground = await createGround(host, seats);
    const { key, store } = ground;
    await fill(createAcquire({ store, clock: systemClock, random: Math.random, sign: instantSign }), key, taken);
    ground.forget();
    return { ...ground, claim: (client) => acquire(ground, client) };
  },
});

async function acquire({ key, store }: Ground, client: string): Promise<Answer> {
  for (;;) {
    const start = Math.random();
    const from = await store.query(queries.openSeatsFrom(key.licenseId, start, CANDIDATES));
    const wrapped = from.length > 0 ? [] : await store.query(queries.openSeatsBefore(key.licenseId, start, CANDIDATES));
    const open = [...from, ...wrapped];
    if (open.length === 0) return 'refused';
    for (const seat of shuffled(open)) {
      try {
        await store.commit(claim(newSession({ key }, client, seat), seat));
        return 'granted';
      } catch (error) {
        if (!(error instanceof CommitError) || error.failure !== 'precondition_failed') throw error;
      }
    }
  }
}

function newSession({ key }: Pick<Ground, 'key'>, client: string, seat: Document): NewSession {
  const now = Date.now();
  const machine = machineId(key.licenseId, client);
  return {
    name: newSessionName(key),
    fields: {
      ...{ license_id: key.licenseId, tenant_id: 'bench', seat: seat.id, holder: machine, machine },
      key: 'bench',
      ...{ user_email: null, user: null, hostname: randomUUID(), platform: null, client_version: null },
      ...{ acquired_at: now, last_heartbeat: now, expires_at: now + 360_000 },
      copy_until: now,
      lingering: false,
      borrow_slot: null,
      borrowed_until: null,
      shard: Math.floor(Math.random() * SHARDS),
      programs: {},
    },
  };
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
