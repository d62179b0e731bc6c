import { createLicenses } from '#functions/admin/licenses.ts';
import { createAcquire } from '#functions/seats/acquire.ts';
import { createHeartbeat } from '#functions/seats/heartbeat.ts';
import { createLicenseMemory } from '#functions/seats/licenses.ts';
import { createRelease } from '#functions/seats/release.ts';
import { createReap } from '#functions/session-reaper/reap.ts';
import type { Clock } from '#shared/model/clock.ts';
import { createSettle } from '#shared/seats/settle.ts';
import type { DocumentStore } from '#shared/store/store.ts';

export interface InstanceOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
}

export type Instance = ReturnType<typeof createInstance>;

/** One instance of every function that touches seats, put together as their composition roots do. */
export function createInstance({ store, clock, random }: InstanceOptions) {
  const memory = createLicenseMemory(store, clock);
  const release = createRelease({ store, clock, random });
  const settle = createSettle({ store, clock, random });
  return {
    acquire: createAcquire<string>({ store, clock, random, onLicense: memory.remember }),
    heartbeat: createHeartbeat({ store, clock, licenses: memory, release }),
    release,
    reap: createReap({ store, clock, random, settle, budget: 60_000 }),
    licenses: createLicenses({ store, clock, settle }),
  };
}

/** Everybody's administrator. */
export const EVERYTHING = { includes: () => true, tenantFor: (named: string | undefined) => named ?? 'tenant' };

/** The only part of a wish that is not the seats' business: a stand-in for the signature. */
export const unsigned = async (): Promise<string> => 'unsigned';

export const NO_DETAILS = { user_email: null, hostname: null, platform: null, client_version: null };
