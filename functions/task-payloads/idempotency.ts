import { timingSafeEqual } from 'node:crypto';
import { deriveSecrets, IDEMPOTENCY_RETENTION, macOf } from '#shared/idempotency/secrets.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { CommitError, type Document, type DocumentStore, type Write } from '#shared/store/store.ts';

/** A request with an Idempotency-Key, and the id of the task that it creates unless it is a repeat. */
export interface IdempotentRequest {
  readonly caller: string;
  readonly key: string;
  /** The body, in pieces; a repeat with another body is a payload mismatch. */
  readonly body: readonly (Uint8Array | string)[];
  readonly taskId: string;
}

/** One attempt to serve the request. Only one attempt a key gets past `saveResponse`. */
export interface Attempt {
  /** The task ids of earlier attempts that crashed; their objects may still exist. */
  readonly abandoned: readonly string[];
  /** Names the key without telling it; null without a key. */
  readonly fingerprint: string | null;
  /**
   * Saves the response that a repeated request gets. A second call replaces it.
   * @throws Fault `conflict` when another attempt has taken over, `dependency_unavailable` when the outcome is unknown
   */
  saveResponse(response: string): Promise<void>;
  /** Removes the saved response and lets the next request start at once. */
  release(): Promise<void>;
}

export type Claim =
  | { readonly kind: 'completed'; readonly response: string }
  | { readonly kind: 'started'; readonly attempt: Attempt };

/** Milliseconds after which an attempt without a response counts as crashed. Once another has started it cannot save. */
const LEASE = 90_000;
const TRIES = 5;

/** For requests without a key: no other attempt competes. */
export const NO_KEY: Attempt = {
  abandoned: [],
  fingerprint: null,
  saveResponse: async () => undefined,
  release: async () => undefined,
};

/**
 * Idempotency keys, per caller, for 24 hours. A key is reserved under a short lease before anything is created;
 * an attempt whose reservation was taken over fails. Bodies are compared by an HMAC whose key is derived from the
 * Idempotency-Key, which is not stored: a copy of the store does not help to guess a payload.
 */
export function createIdempotency(store: Pick<DocumentStore, 'get' | 'commit'>, clock: Clock) {
  const read = async (path: string) => (await store.get([path]))[0];

  /** Whether the write was certainly applied; after false the caller reads the document to find out. */
  async function applied(write: Write): Promise<boolean> {
    try {
      await store.commit([write]);
      return true;
    } catch (error) {
      if (error instanceof CommitError) return false;
      throw error;
    }
  }

  /** Updates the reservation while it belongs to this attempt. */
  async function change(path: string, taskId: string, fields: { response: string | null; lease_until?: number }) {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const found = await read(path);
      if (found?.fields['task_id'] !== taskId) {
        throw new Fault('conflict', 'Another request with this Idempotency-Key has taken over.', { retryAfter: 1 });
      }
      if (found.fields['response'] === fields.response && fields.lease_until === undefined) return;
      if (await applied({ op: 'update', path, fields, lastUpdateTime: found.updateTime })) return;
    }
    throw storeUnavailable();
  }

  const attempt = (path: string, taskId: string, abandoned: readonly string[]): Claim => ({
    kind: 'started',
    attempt: {
      abandoned,
      fingerprint: path.slice(path.lastIndexOf('/') + 1),
      saveResponse: (response) => change(path, taskId, { response }),
      release: () => change(path, taskId, { response: null, lease_until: 0 }),
    },
  });

  return {
    /** @throws Fault `idempotency_conflict`, `idempotency_in_progress` while the first request is in progress, `dependency_unavailable` */
    async claim({ caller, key, body, taskId }: IdempotentRequest): Promise<Claim> {
      const { path, macKey } = await deriveSecrets(caller, key);
      const mac = macOf(macKey, body);
      for (let tries = 0; tries < TRIES; tries += 1) {
        const found = await read(path);
        const now = clock.now();
        const lease_until = now + LEASE;
        if (found === undefined) {
          const fields = {
            task_id: taskId,
            abandoned: [],
            body_mac: mac,
            response: null,
            lease_until,
            expires_at: now + IDEMPOTENCY_RETENTION,
          };
          const write: Write = { op: 'create', path, fields, deleteAfter: now + IDEMPOTENCY_RETENTION };
          if (await applied(write)) return attempt(path, taskId, []);
        } else if (found.fields['task_id'] === taskId) {
          return attempt(path, taskId, abandonedIn(found));
        } else if (Number(found.fields['expires_at']) <= now) {
          await applied({ op: 'delete', path, precondition: { lastUpdateTime: found.updateTime } });
        } else {
          const response = savedResponse(found, mac, now);
          if (response !== undefined) return { kind: 'completed', response };
          // All of them, not the last alone: the one that took over may have crashed before it cleared away.
          const abandoned = [...abandonedIn(found), String(found.fields['task_id'])];
          const fields = { task_id: taskId, abandoned, lease_until };
          if (await applied({ op: 'update', path, fields, lastUpdateTime: found.updateTime })) {
            return attempt(path, taskId, abandoned);
          }
        }
      }
      throw storeUnavailable();
    },
  };
}

export type Idempotency = ReturnType<typeof createIdempotency>;

function abandonedIn({ fields: { abandoned } }: Document): readonly string[] {
  return Array.isArray(abandoned) ? abandoned.map(String) : [];
}

/**
 * @returns undefined when the attempt has crashed without a response
 * @throws Fault `idempotency_in_progress` while it is in progress, `idempotency_conflict` for another body
 */
function savedResponse({ fields }: Document, mac: string, now: number): string | undefined {
  if (!timingSafeEqual(Buffer.from(String(fields['body_mac'])), Buffer.from(mac))) {
    throw new Fault('idempotency_conflict', 'The first request with this key had another body.');
  }
  if (typeof fields['response'] === 'string') return fields['response'];
  if (Number(fields['lease_until']) <= now) return undefined;
  throw new Fault('idempotency_in_progress', 'The first request with this Idempotency-Key is still in progress.', {
    retryAfter: 2,
  });
}

const storeUnavailable = () => new Fault('dependency_unavailable', 'The document store does not answer right now.');
