import { createHmac, scrypt, timingSafeEqual } from 'node:crypto';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { CommitError, type Document, type DocumentStore, type Write } from '#shared/store/store.ts';

/** The first use of a key by its caller, the request it came with, and the id for the task that would be made of it. */
export interface Claiming {
  readonly caller: string;
  readonly key: string;
  /** What must be the same when the key is used again, in pieces. */
  readonly body: readonly Uint8Array[];
  readonly taskId: string;
}

/** What an attempt says of itself. Only one attempt a key gets past `settle`. */
export interface Attempt {
  /** The task id of an earlier attempt that was given up, whose object may have been left behind. */
  readonly abandoned: string | undefined;
  /**
   * Records the answer, so that a repeated request gets it too. May be called again with more to say.
   * @throws Fault `conflict` when another attempt has taken over, `dependency_unavailable` when nobody knows
   */
  settle(answer: string): Promise<void>;
  /** Takes back what was recorded and lets the next request try at once. */
  release(): Promise<void>;
}

export type Claim =
  | { readonly kind: 'answered'; readonly answer: string }
  | { readonly kind: 'claimed'; readonly attempt: Attempt };

/** Milliseconds. */
const KEPT_FOR = 86_400_000;
/** An attempt that has not settled by then has crashed, or loses: it cannot settle any more once another has begun. */
const LEASE = 90_000;
const TRIES = 5;

/** For requests without a key: there is nobody to compete with. */
export const UNKEYED: Attempt = {
  abandoned: undefined,
  settle: async () => undefined,
  release: async () => undefined,
};

/**
 * Idempotency keys, per caller, for 24 hours. A key is reserved before anything is made, under a short lease; an
 * attempt that finds its reservation taken over knows that it has lost. The body is compared by an HMAC whose key
 * comes from the Idempotency-Key, which is stored nowhere: what rests in the store does not help to guess a payload.
 */
export function createIdempotency(store: Pick<DocumentStore, 'get' | 'commit'>, clock: Clock) {
  const read = async (path: string) => (await store.get([path]))[0];

  /** Whether it was applied for certain; what a failure means is found out by reading. */
  async function applied(write: Write): Promise<boolean> {
    try {
      await store.commit([write]);
      return true;
    } catch (error) {
      if (error instanceof CommitError) return false;
      throw error;
    }
  }

  /** Changes the reservation while it is this attempt's. */
  async function change(path: string, taskId: string, fields: { answer: string | null; lease_until?: number }) {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const found = await read(path);
      if (found?.fields['task_id'] !== taskId) {
        throw new Fault('conflict', 'Another request with this Idempotency-Key has taken over.', { retryAfter: 1 });
      }
      if (found.fields['answer'] === fields.answer && fields.lease_until === undefined) return;
      if (await applied({ op: 'update', path, fields, lastUpdateTime: found.updateTime })) return;
    }
    throw unsettled();
  }

  const attempt = (path: string, taskId: string, abandoned: string | undefined): Claim => ({
    kind: 'claimed',
    attempt: {
      abandoned,
      settle: (answer) => change(path, taskId, { answer }),
      release: () => change(path, taskId, { answer: null, lease_until: 0 }),
    },
  });

  return {
    /** @throws Fault `idempotency_key_reused`, `conflict` while the first request is under way, `dependency_unavailable` */
    async claim({ caller, key, body, taskId }: Claiming): Promise<Claim> {
      const { path, macKey } = await derive(caller, key);
      const mac = macOf(macKey, body);
      let abandoned: string | undefined;
      for (let tries = 0; tries < TRIES; tries += 1) {
        const found = await read(path);
        const now = clock.now();
        const lease_until = now + LEASE;
        if (found === undefined) {
          const fields = { task_id: taskId, body_mac: mac, answer: null, lease_until, expires_at: now + KEPT_FOR };
          const write: Write = { op: 'create', path, fields, deleteAfter: now + KEPT_FOR };
          if (await applied(write)) return attempt(path, taskId, abandoned);
        } else if (found.fields['task_id'] === taskId) {
          return attempt(path, taskId, abandoned);
        } else if (Number(found.fields['expires_at']) <= now) {
          await applied({ op: 'delete', path, precondition: { lastUpdateTime: found.updateTime } });
        } else {
          const answer = answerIn(found, mac, now);
          if (answer !== undefined) return { kind: 'answered', answer };
          abandoned = String(found.fields['task_id']);
          const fields = { task_id: taskId, lease_until };
          if (await applied({ op: 'update', path, fields, lastUpdateTime: found.updateTime })) {
            return attempt(path, taskId, abandoned);
          }
        }
      }
      throw unsettled();
    },
  };
}

export type Idempotency = ReturnType<typeof createIdempotency>;

/** @returns undefined when there is none and its attempt has been given up @throws Fault for a request that must wait, or is another one */
function answerIn({ fields }: Document, mac: string, now: number): string | undefined {
  if (!timingSafeEqual(Buffer.from(String(fields['body_mac'])), Buffer.from(mac))) {
    throw new Fault('idempotency_key_reused', 'This Idempotency-Key was used with another body.');
  }
  if (typeof fields['answer'] === 'string') return fields['answer'];
  if (Number(fields['lease_until']) <= now) return undefined;
  throw new Fault('conflict', 'The first request with this Idempotency-Key is still under way.', { retryAfter: 2 });
}

const unsettled = () => new Fault('dependency_unavailable', 'The document store does not answer right now.');

/** Some 30 ms for each guess at a key that somebody has chosen badly. */
const SCRYPT = { N: 2 ** 14, r: 8, p: 1 };

function derive(caller: string, key: string): Promise<{ path: string; macKey: Buffer }> {
  return new Promise((resolve, reject) => {
    scrypt(key, `countersign/idempotency/v1:${caller}`, 64, SCRYPT, (error, derived) => {
      if (error) reject(error);
      else resolve({ path: `idempotency/${derived.toString('hex', 0, 32)}`, macKey: derived.subarray(32) });
    });
  });
}

function macOf(key: Buffer, pieces: readonly Uint8Array[]): string {
  const mac = createHmac('sha256', key);
  for (const piece of pieces) mac.update(piece);
  return mac.digest('hex');
}
