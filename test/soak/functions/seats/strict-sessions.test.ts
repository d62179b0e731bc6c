import { afterAll, expect, test } from 'vitest';
import type { SigningKey } from '#shared/crypto/signer.ts';
import { Fault, isFault } from '#shared/model/errors.ts';
import { silentLogger } from '#shared/model/logger.ts';
import { createSharedBudget } from '#shared/signing/budget.ts';
import { createSignClaims, type SignClaims } from '#shared/signing/sign-claims.ts';
import { memoryCounter } from '../../../unit/memory-counter.ts';
import { createVirtualTime, type VirtualTime } from '../../../unit/virtual-time.ts';

/**
 * Strict sessions ask for a copy with every heartbeat. How many of them one key carries: the code that signs, on several
 * instances that share the budget, in simulated time, before a KMS that refuses what is beyond its quota.
 */
interface Case {
  readonly key: string;
  readonly perMinute: number | undefined;
  /** Milliseconds that KMS needs for a signature. */
  readonly latency: number;
  readonly sessions: number;
  readonly instances: number;
}

const HSM = { key: 'HSM', perMinute: 214, latency: 100 };
const SOFTWARE = { key: 'software', perMinute: 60_000, latency: 30 };
/** Milliseconds between two heartbeats of a session with the default lease, and of one tick of the simulation. */
const INTERVAL = 120_000;
const TICK = 20;
/** Simulated time: two heartbeats of each session. */
const DURATION = 2 * INTERVAL;
/** Milliseconds until the instances know of each other: a window of the budget and a half. */
const WARM_UP = 15_000;
/** What a request may wait for its licence (heartbeats themselves are answered at once). */
const LONGEST_WAIT = 5_000;
/** The most requests that Cloud Run gives an instance at a time. */
const CONCURRENCY = 1_000;

const CASES: readonly Case[] = [
  ...[1, 2, 4, 10].map((instances) => ({ ...HSM, sessions: 100_000, instances })),
  { ...HSM, sessions: 200_000, instances: 10 },
  { ...SOFTWARE, sessions: 100_000, instances: 2 },
];

const KEY: SigningKey = {
  keyVersion: 'licenses.1',
  kid: 'kid',
  algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
  publishedUntil: Number.MAX_SAFE_INTEGER,
  keysSequence: 1,
};

/** Refuses what is beyond the quota of the last minute, as Cloud KMS does. */
function kmsOf({ clock, pause }: VirtualTime, { perMinute = Number.POSITIVE_INFINITY, latency }: Case) {
  const signature = Buffer.alloc(512);
  let times: number[] = [];
  let [calls, refused] = [0, 0];
  return {
    calls: () => calls,
    refused: () => refused,
    async sign() {
      times = times.filter((time) => time > clock.now() - 60_000);
      if (times.length >= perMinute) {
        refused += 1;
        throw new Fault('signing_unavailable', 'RESOURCE_EXHAUSTED', { retryAfter: 2 });
      }
      calls += 1;
      times.push(clock.now());
      await pause(latency);
      return signature;
    },
  };
}

async function simulate(given: Case) {
  const time = createVirtualTime();
  const { clock, pause } = time;
  const counter = memoryCounter();
  const kms = kmsOf(time, given);
  const noFiles = () => Promise.reject(new Error('no file is asked for here'));
  const instance = (): SignClaims => {
    const { perMinute } = given;
    const budget = perMinute && createSharedBudget({ counter, subject: 'key', perMinute, clock, log: silentLogger });
    return createSignClaims({
      keys: { signingKey: async () => KEY, avoid: () => undefined, current: noFiles },
      signer: kms,
      clock,
      log: silentLogger,
      issuer: 'https://countersign.example',
      pause,
      ...(budget ? { budget } : {}),
    });
  };
  const signers = Array.from({ length: given.instances }, instance);
  const start = clock.now();
  const held = signers.map(() => 0);
  const waits: number[] = [];
  let [mostHeld, refused] = [0, 0];

  async function refresh(session: number, at: number): Promise<void> {
    const begun = clock.now();
    const counts = begun >= start + WARM_UP;
    held[at] = (held[at] ?? 0) + 1;
    if (counts) mostHeld = Math.max(mostHeld, held[at]);
    const claims = { kind: 'seat', tenant_id: `t${session % 500}`, license_id: `l${session % 2_000}`, session };
    try {
      await signers[at]?.(claims, 'batch', KEY);
      if (counts) waits.push(clock.now() - begun);
    } catch (error) {
      if (!isFault(error, 'signing_unavailable')) throw error;
      if (counts) refused += 1;
    }
    held[at] -= 1;
  }

  async function beats(): Promise<void> {
    const all: Promise<void>[] = [];
    const perTick = (given.sessions * TICK) / INTERVAL;
    for (let tick = 0, next = 0; tick * TICK < DURATION; tick += 1) {
      for (; next < (tick + 1) * perTick; next += 1) {
        all.push(refresh(next % given.sessions, Math.floor(((next * 7919) % 104_729) % given.instances)));
      }
      await pause(TICK);
    }
    await Promise.all(all);
  }

  await time.run(beats());
  waits.sort((a, b) => a - b);
  const quantile = (part: number) => waits[Math.min(waits.length - 1, Math.floor(part * waits.length))] ?? 0;
  return {
    ...{ refused, mostHeld, served: waits.length, kmsRefused: kms.refused(), leases: counter.calls() },
    signaturesAMinute: Math.round((kms.calls() * 60_000) / DURATION),
    ...{ p50: Math.round(quantile(0.5)), p99: Math.round(quantile(0.99)), longest: Math.round(quantile(1)) },
  };
}

const rows: object[] = [];
afterAll(() => console.table(rows));

test.each(CASES)(
  'one $key key carries $sessions strict sessions on $instances instances',
  { timeout: 900_000 },
  async (given) => {
    const result = await simulate(given);
    rows.push({ key: given.key, sessions: given.sessions, instances: given.instances, ...result });
    const asked = result.served + result.refused;
    expect(result.kmsRefused).toBe(0);
    expect(result.refused).toBe(0);
    expect(asked).toBeGreaterThanOrEqual((given.sessions * (DURATION - WARM_UP)) / INTERVAL - 100);
    expect(result.longest).toBeLessThanOrEqual(LONGEST_WAIT + given.latency);
    expect(result.mostHeld).toBeLessThanOrEqual(CONCURRENCY);
  },
);
