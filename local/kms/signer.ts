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

/**
 * Threads of our own: Node's asynchronous `crypto.sign` hashes what it is given and so cannot sign a digest, and
 * its `privateEncrypt`, which can, is synchronous and would hold up everything else for 1.3 ms an RSA-4096 signature.
 * Keys go to them as text, parsed once in each: threads that share an OpenSSL key share its locks.
 */
export function createSigner(threads = Math.min(availableParallelism(), 4)): Signer {
  const waiting = new Map<number, PromiseWithResolvers<Buffer>>();
  const workers = Array.from({ length: threads }, () => startThread(waiting));
  const pems = new WeakMap<KeyObject, string>();
  const pemOf = (key: KeyObject): string => {
    const pem = pems.get(key) ?? key.export({ type: 'pkcs8', format: 'pem' }).toString();
    pems.set(key, pem);
    return pem;
  };
  let next = 0;
  return {
    sign(key, digest) {
      const id = next++;
      const result = Promise.withResolvers<Buffer>();
      waiting.set(id, result);
      workers[id % threads]?.postMessage({ id, pem: pemOf(key), digest });
      return result.promise;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
      for (const { reject } of waiting.values()) reject(new Error('the signer is closed'));
      waiting.clear();
    },
  };
}

function startThread(waiting: Map<number, PromiseWithResolvers<Buffer>>): Worker {
  const worker = new Worker(new URL('./signer-thread.ts', import.meta.url), { execArgv: [] });
  worker.on('message', ({ id, signature }: Signed) => {
    waiting.get(id)?.resolve(Buffer.from(signature));
    waiting.delete(id);
  });
  // A thread that dies takes the process with it: its callers would wait for ever.
  worker.on('error', (error) => {
    throw error;
  });
  return worker;
}
