import { setTimeout as sleep } from 'node:timers/promises';
import { createAcquire } from '#functions/seats/acquire.ts';
import { seated } from '#functions/seats/attempt.ts';
import { createSignLicense, type SignedLicense } from '#functions/seats/sign-license.ts';
import { verifyLicenseToken } from '#shared/crypto/jws.ts';
import { verifyLicense } from '#shared/crypto/license.ts';
import { systemClock } from '#shared/model/clock.ts';
import { hashLicenseKey } from '#shared/model/license-key.ts';
import { silentLogger } from '#shared/model/logger.ts';
import { machineId } from '#shared/model/session-id.ts';
import { createSignClaims, type TokenFormat } from '#shared/signing/sign-claims.ts';
import { createGround } from '../seats/firestore.ts';
import { quantile } from '../seats/storm.ts';
import type { SlowKms } from './kms.ts';

export interface CrowdRow {
  readonly format: TokenFormat;
  /** How many had their licence before we stopped waiting, every one of them verified. */
  readonly licensed: number;
  readonly calls: number;
  /** Milliseconds; for all clients, those after the bound computed from the limit. */
  readonly total: number;
  readonly p50: number;
  readonly p99: number;
  readonly extrapolated: boolean;
}

export interface CrowdOptions {
  readonly kms: SlowKms;
  /** host:port of the Firestore emulator. */
  readonly host: string;
  readonly clients: number;
  readonly perMinute: number;
  /** Milliseconds after which the rest is computed. */
  readonly bound: number;
}

/** All clients acquire at once: the domain as the service runs it, without HTTP. */
export async function crowd(format: TokenFormat, options: CrowdOptions): Promise<CrowdRow> {
  const { kms, host, clients, perMinute, bound } = options;
  const ground = await createGround(host, clients);
  try {
    kms.refill();
    const clock = systemClock;
    const noFiles = () => Promise.reject(new Error('no file is asked for here'));
    const keys = { signingKey: async () => kms.key, avoid: () => undefined, current: noFiles };
    const signClaims = createSignClaims({
      ...{ keys, signer: kms.signer, clock, log: silentLogger },
      issuer: 'https://countersign.example',
    });
    const sign = createSignLicense({ keys, sign: signClaims, clock, unsignedFallback: false });
    const acquire = createAcquire({ store: ground.store, clock, random: Math.random, sign });
    const licenses: SignedLicense[] = [];
    const latencies: number[] = [];
    const [before, start] = [clock.now() - 1, performance.now()];

    const client = async (index: number) => {
      const hardwareId = `client-${index}`;
      const outcome = await acquire({
        key: ground.key,
        keyHash: hashLicenseKey(ground.key),
        hardwareId,
        machine: machineId(ground.key.licenseId, hardwareId),
        client: { user_email: null, hostname: hardwareId, platform: null, client_version: null },
        tokenFormat: format,
        signal: new AbortController().signal,
        log: silentLogger,
      });
      licenses.push(await seated(outcome).signed);
      latencies.push(performance.now() - start);
    };
    const all = Promise.allSettled(Array.from({ length: clients }, (_, index) => client(index)));
    await Promise.race([all, sleep(bound, undefined, { ref: false })]);
    const [licensed, calls] = [latencies.length, kms.calls()];
    kms.abandon();
    await all;
    // Data of this licence is valid for no time at all; at the moment before it was asked for, it is.
    if (!licenses.every((license) => isValid(license, kms, before))) throw new Error('a licence does not verify');
    const rest = clients - licensed;
    const waits = [
      ...latencies.slice(0, licensed),
      ...Array.from({ length: rest }, (_, index) => bound + ((index + 1) * 60_000) / perMinute),
    ];
    return {
      ...{ format, licensed, calls: calls + rest, total: Math.max(...waits), extrapolated: rest > 0 },
      ...{ p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) },
    };
  } finally {
    await ground.close();
  }
}

const isValid = (license: SignedLicense, { publicKey }: SlowKms, now: number) =>
  ('license_data' in license
    ? verifyLicense(license.license_data, () => publicKey, now)
    : verifyLicenseToken('license_token' in license ? license.license_token : '', () => publicKey, now)
  ).valid;
