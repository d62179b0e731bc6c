import { generateKeyPair } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createSigner } from '#local/kms/signer.ts';
import { type PublicKey, readPublicKey } from '#shared/crypto/public-key.ts';
import type { Signer, SigningKey } from '#shared/crypto/signer.ts';

/** Cloud KMS as far as it matters here: how long a signature takes, and how many there are a minute. */
export interface SlowKms {
  readonly signer: Signer;
  readonly key: SigningKey;
  readonly publicKey: PublicKey;
  calls(): number;
  /** Fills the minute's allowance and forgets the calls. */
  refill(): void;
  /** Fails whoever is waiting. */
  abandon(): void;
  close(): Promise<void>;
}

const KEY_VERSION = 'license-signing.1';
const ALGORITHM = 'RSA_SIGN_PKCS1_4096_SHA256';

/**
 * A token bucket that holds a minute's worth, full at first. Whoever finds it empty waits for his turn, however long
 * that is: the real one refuses, and its callers would come again.
 */
export async function createSlowKms(latency: number, perMinute: number): Promise<SlowKms> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 4096 });
  const publicKey = readPublicKey(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(), ALGORITHM);
  const threads = createSigner();
  const interval = 60_000 / perMinute;
  let [calls, next, crowd] = [0, Number.NEGATIVE_INFINITY, new AbortController()];
  return {
    publicKey,
    key: {
      keyVersion: KEY_VERSION,
      kid: publicKey.kid,
      algorithm: ALGORITHM,
      publishedUntil: Number.MAX_SAFE_INTEGER,
      keysSequence: 1,
    },
    calls: () => calls,
    refill() {
      [calls, next, crowd] = [0, Number.NEGATIVE_INFINITY, new AbortController()];
    },
    abandon: () => crowd.abort(),
    close: () => threads.close(),
    signer: {
      async sign(_keyVersion, digest) {
        const now = performance.now();
        const turn = Math.max(next, now - (perMinute - 1) * interval);
        next = turn + interval;
        await sleep(Math.max(0, turn - now), undefined, { signal: crowd.signal });
        calls += 1;
        const [signature] = await Promise.all([threads.sign(pair.privateKey, digest), sleep(latency)]);
        return signature;
      },
    },
  };
}
