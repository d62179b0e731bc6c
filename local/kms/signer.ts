import type { KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** RSASSA-PKCS1-v1_5 over SHA-256 digests, several at a time. */
export interface Signer {
  /** @param digest the 32 bytes of a SHA-256 */
  sign(key: KeyObject, digest: Uint8Array): Promise<Buffer>;
  close(): Promise<void>;
}

/** What a signing thread answers. */
export interface Signed {
  readonly id: number;
  readonly signature: Uint8Array;
}

interface Thread {
  readonly worker: Worker;
  /** By the id of the request. */
  readonly waiting: Map<number, PromiseWithResolvers<Buffer>>;
}

/** Those of this process, whose signers share them: starting one takes a tenth of a second, and tests start dozens of signers. */
let threads: readonly Thread[] | undefined;
const pems = new WeakMap<KeyObject, string>();
let next = 0;

/**
 * Threads of our own: Node's asynchronous `crypto.sign` hashes what it is given and so cannot sign a digest, and
 * its `privateEncrypt`, which can, is synchronous and would hold up everything else for 1.3 ms an RSA-4096 signature.
 * Keys go to them as text, parsed once in each: threads that share an OpenSSL key share its locks. They end with the
 * process, which they keep alive only while they sign.
 */
export function createSigner(): Signer {
  threads ??= Array.from({ length: Math.min(availableParallelism(), 4) }, startThread);
  const running = threads;
  const own = new Set<PromiseWithResolvers<Buffer>>();
  return {
    async sign(key, digest) {
      const id = next++;
      const thread = running[id % running.length];
      if (thread === undefined) throw new TypeError('there are threads');
      const { worker, waiting } = thread;
      const result = Promise.withResolvers<Buffer>();
      own.add(result);
      waiting.set(id, result);
      worker.ref();
      worker.postMessage({ id, pem: pemOf(key), digest });
      return result.promise.finally(() => own.delete(result));
    },
    async close() {
      for (const { reject } of own) reject(new Error('the signer is closed'));
    },
  };
}

function pemOf(key: KeyObject): string {
  const pem = pems.get(key) ?? key.export({ type: 'pkcs8', format: 'pem' }).toString();
  pems.set(key, pem);
  return pem;
}

function startThread(): Thread {
  const worker = new Worker(new URL('./signer-thread.ts', import.meta.url), { execArgv: [] });
  const waiting: Thread['waiting'] = new Map();
  worker.unref();
  worker.on('message', ({ id, signature }: Signed) => {
    waiting.get(id)?.resolve(Buffer.from(signature));
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
  });
  // A thread that dies takes the process with it: its callers would wait for ever.
  worker.on('error', (error) => {
    throw error;
  });
  return { worker, waiting };
}
