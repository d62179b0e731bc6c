import { type Acquire, createAcquire } from '#functions/seats/acquire.ts';
import type { AcquireRequest } from '#functions/seats/acquire-request.ts';
import { seated } from '#functions/seats/attempt.ts';
import { createUsageRecorder } from '#functions/seats/usage-recorder.ts';
import type { LicenseKey } from '#shared/license-format/license-key.ts';
import { systemClock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import { hashLicenseKey } from '#shared/model/license-key.ts';
import { silentLogger } from '#shared/model/logger.ts';
import { machineId } from '#shared/model/session-id.ts';
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
    const instance = () => createAcquire({ ...common, sign: instantSign, usage: createUsageRecorder(common) });
    await fill(instance(), key, taken);
    ground.forget();
    const running: Acquire[] = [];
    let next = 0;
    return {
      claim(client) {
        const index = next % instances;
        next += 1;
        const acquire = running[index] ?? instance();
        running[index] = acquire;
        return claim(acquire, acquireRequest(key, client));
      },
      holders: ground.holders,
      costs: ground.costs,
      close: ground.close,
    };
  },
});

/** A signer that takes no time. */
export const instantSign = async () => ({ license_token: 'signed' });

const acquireRequest = (key: LicenseKey, client: string): AcquireRequest => ({
  key,
  keyHash: hashLicenseKey(key),
  hardwareId: client,
  machine: machineId(key.licenseId, client),
  client: { user_email: null, hostname: client, platform: null, client_version: null },
  tokenFormat: 'jws',
  signal: new AbortController().signal,
  log: silentLogger,
});

/** Takes that many seats for machines numbered from `from` on, and answers the ids of the sessions. */
export async function fill(acquire: Acquire, key: LicenseKey, count: number, from = 0): Promise<string[]> {
  const granted = await Promise.all(
    Array.from({ length: count }, (_, index) => acquire(acquireRequest(key, `resident-${from + index}`)).then(seated)),
  );
  return granted.map(({ lease }) => lease.sessionId);
}

async function claim(acquire: Acquire, request: AcquireRequest): Promise<Answer> {
  try {
    const { signed } = seated(await acquire(request));
    await signed;
    return 'granted';
  } catch (error) {
    if (isFault(error, 'no_seats_available')) return 'refused';
    throw error;
  }
}
