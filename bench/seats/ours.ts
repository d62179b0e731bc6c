import { type Acquire, createAcquire } from '#functions/seats/acquire.ts';
import { createUsageNotes } from '#functions/seats/usage.ts';
import type { Wish } from '#functions/seats/wish.ts';
import { systemClock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import type { LicenseKey } from '#shared/model/license-key.ts';
import { holderId } from '#shared/model/session-id.ts';
import { createGround } from './firestore.ts';
import type { Answer, Contender } from './storm.ts';

export interface OursOptions {
  readonly name: string;
  /** host:port of the emulator. */
  readonly host: string;
  /** Instances of the function that the clients are spread over. */
  readonly instances: number;
}

/** The domain function as the service runs it, without HTTP and with a signer that takes no time. */
export const createOurs = ({ name, host, instances }: OursOptions): Contender => ({
  name,
  async open(seats, taken) {
    const ground = await createGround(host, seats);
    const { key, store } = ground;
    const common = { store, clock: systemClock, random: Math.random };
    const instance = () => createAcquire<string>({ ...common, usage: createUsageNotes(common) });
    await fill(instance(), key, taken);
    ground.forget();
    const running: Acquire<string>[] = [];
    let next = 0;
    return {
      claim(client) {
        const index = next % instances;
        next += 1;
        const acquire = running[index] ?? instance();
        running[index] = acquire;
        return claim(acquire, wish(key, client));
      },
      holders: ground.holders,
      costs: ground.costs,
      close: ground.close,
    };
  },
});

export const wish = (key: LicenseKey, client: string): Wish<string> => ({
  key,
  holder: holderId(key.licenseId, client),
  details: { user_email: null, hostname: client, platform: null, client_version: null },
  signal: new AbortController().signal,
  issue: async () => 'signed',
  attempts: new Set(),
});

/** Takes that many seats, and answers the ids of the sessions. */
export async function fill(acquire: Acquire<string>, key: LicenseKey, count: number): Promise<string[]> {
  const granted = await Promise.all(
    Array.from({ length: count }, (_, index) => acquire(wish(key, `resident-${index}`))),
  );
  return granted.map(({ grant }) => grant.sessionId);
}

async function claim(acquire: Acquire<string>, wish: Wish<string>): Promise<Answer> {
  try {
    const { issued } = await acquire(wish);
    await issued;
    return 'granted';
  } catch (error) {
    if (isFault(error, 'no_seats_available')) return 'refused';
    throw error;
  }
}
