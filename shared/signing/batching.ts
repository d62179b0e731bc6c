import { createFairQueue, type FairQueue, type Owner } from '../concurrency/fair-queue.ts';
import { signBatch } from '../crypto/batch.ts';
import type { LicenseClaims, LicenseData } from '../crypto/license.ts';
import type { Signer, SigningKey } from '../crypto/signer.ts';
import { canonicalJson } from '../license-format/canonical-json.ts';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Turns } from './turns.ts';

export interface BatchingOptions {
  readonly signer: Signer;
  readonly turns: Pick<Turns, 'batch' | 'requireBatchInTime'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An audit path of ten hashes, 0.7 KiB; 219,000 licences a minute at 214 signatures a minute. */
const MAX_BATCH = 1_024;
/** Of one licence or tenant, so that the others still find a place. */
const MAX_WAITING = 10_000;

interface Request {
  readonly claims: LicenseClaims;
  readonly key: SigningKey;
  readonly resolve: (data: LicenseData) => void;
  readonly reject: (error: unknown) => void;
}

/** The licences that wait for one key version. */
interface Lane {
  readonly waiting: FairQueue<Request>;
  /** Batches that wait for their turn. */
  due: number;
  /** Batches that are being signed. */
  running: number;
}

/**
 * Signs licences for clients that can verify batches. Licences that arrive while a signature is in flight, or while one
 * waits for its turn, share the next one; a licence that finds neither is signed at once, alone and directly. A batch is
 * made up when its turn comes, from all tenants evenly.
 */
export function createBatching({ signer, turns, clock, log }: BatchingOptions) {
  // By key version: the signed bytes name it, and a batch may span a key rotation.
  const lanes = new Map<string, Lane>();

  /** Asks for a turn when nothing is on its way that takes those who wait along, or what is on its way will be full. */
  function request(keyVersion: string, lane: Lane): void {
    const isServed = lane.due > 0 || (lane.running > 0 && lane.waiting.size < MAX_BATCH);
    if (lane.waiting.size === 0 && lane.due + lane.running === 0) lanes.delete(keyVersion);
    if (lane.waiting.size === 0 || isServed) return;
    lane.due += 1;
    void turns.batch(() => signWaiting(keyVersion, lane));
  }

  async function signWaiting(keyVersion: string, lane: Lane): Promise<void> {
    lane.due -= 1;
    lane.running += 1;
    const batch = takeUpTo(MAX_BATCH, lane.waiting);
    request(keyVersion, lane);
    try {
      await signAll(keyVersion, batch);
    } finally {
      lane.running -= 1;
      request(keyVersion, lane);
    }
  }

  async function signAll(keyVersion: string, batch: readonly Request[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    try {
      const all = batch.map(({ claims }) => claims);
      const signed = await signBatch(all, first.key, signer, clock.now());
      log.log('INFO', 'batch_signed', { key_version: keyVersion, licenses: signed.length });
      for (const [index, data] of signed.entries()) batch[index]?.resolve(data);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** @throws NotCanonicalError, Fault `signing_unavailable` */
  return async (claims: LicenseClaims, key: SigningKey, owner: Owner): Promise<LicenseData> => {
    canonicalJson(claims); // throws here, since in the batch it would fail the other licences too
    const lane = lanes.get(key.keyVersion) ?? { waiting: createFairQueue<Request>(), due: 0, running: 0 };
    if (lane.waiting.ahead(owner) >= MAX_WAITING) {
      throw new Fault('signing_unavailable', 'Too many licences are waiting for a signature.', { retryAfter: 2 });
    }
    // Those who wait fill the batches that are due; a licence that finds room in the last of them waits no longer.
    turns.requireBatchInTime(Math.floor(lane.waiting.size / MAX_BATCH) - lane.due);
    lanes.set(key.keyVersion, lane);
    return new Promise((resolve, reject) => {
      lane.waiting.push(owner, { claims, key, resolve, reject });
      request(key.keyVersion, lane);
    });
  };
}

function takeUpTo<Item>(count: number, queue: FairQueue<Item>): Item[] {
  const taken: Item[] = [];
  while (taken.length < count) {
    const item = queue.shift();
    if (item === undefined) break;
    taken.push(item);
  }
  return taken;
}
