import { randomUUID } from 'node:crypto';
import {
  anotherRequest,
  type IdempotentInput,
  type IdempotentRequest,
  identifyRequest,
  sameMac,
} from '#shared/idempotency/idempotent-request.ts';
import { openAnswer, sealAnswer } from '#shared/idempotency/sealed-answer.ts';
import { IDEMPOTENCY_RETENTION } from '#shared/idempotency/secrets.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { readOwnJson } from '#shared/model/json-text.ts';
import { CommitError, type Document, type DocumentStore, type Write } from '#shared/store/store.ts';

export interface ReserveOptions {
  readonly store: Pick<DocumentStore, 'get' | 'commit'>;
  readonly clock: Clock;
}

/** Everything random about an act, and what came of it: plain data, which JSON keeps as it is. */
export interface Reserved<Draws, Outcome> {
  readonly draws: Draws;
  readonly outcome: Outcome;
}

/**
 * Performs an act of several commits, once for each Idempotency-Key and caller. Everything random is drawn first and
 * stored with the reservation, sealed, so that a repeat after a crash half way does the same again and makes nothing
 * twice. Once the outcome is stored, a repeat gets it and nothing is done.
 * @param act must be safe to perform again with the same draws, also while another instance performs it; what it throws
 *   is no outcome: the next repeat performs it again
 * @throws Fault `idempotency_conflict`, `idempotency_in_progress` while another request performs the act
 */
export type RunReserved = <Draws, Outcome>(
  input: IdempotentInput,
  route: { readonly id: string },
  draw: () => Draws,
  act: (draws: Draws) => Promise<Outcome>,
) => Promise<Reserved<Draws, Outcome>>;

/** Milliseconds after which a request that has stored no outcome counts as crashed. */
const LEASE = 30_000;
const TRIES = 5;

export function createRunReserved({ store, clock }: ReserveOptions): RunReserved {
  return async <Draws, Outcome>(
    input: IdempotentInput,
    route: { readonly id: string },
    draw: () => Draws,
    act: (draws: Draws) => Promise<Outcome>,
  ): Promise<Reserved<Draws, Outcome>> => {
    const request = await identifyRequest(input, route);
    if (request === undefined) {
      const draws = draw();
      return { draws, outcome: await act(draws) };
    }
    const attempt = randomUUID();
    const { draws, outcome } = await reserve<Draws, Outcome>(request, attempt, draw);
    if (outcome !== undefined) return { draws, outcome: outcome.value };
    try {
      const value = await act(draws);
      await change(request, attempt, { sealed_outcome: seal(request, value) });
      return { draws, outcome: value };
    } catch (error) {
      // The next repeat need not wait; if this fails, it waits for the end of the lease.
      await change(request, attempt, { lease_until: 0 }).catch(() => undefined);
      throw error;
    }
  };

  /** The draws of the first request, and the outcome if there is one; otherwise this attempt holds the lease. */
  async function reserve<Draws, Outcome>(
    request: IdempotentRequest,
    attempt: string,
    draw: () => Draws,
  ): Promise<{ readonly draws: Draws; readonly outcome: { readonly value: Outcome } | undefined }> {
    const { path } = request;
    const fresh = draw();
    for (let tries = 0; tries < TRIES; tries += 1) {
      const [found] = await store.get([path]);
      const now = clock.now();
      if (found === undefined) {
        await tryCommit(reservation(request, attempt, seal(request, fresh), now));
        continue;
      }
      if (Number(found.fields['expires_at']) <= now) {
        await tryCommit({ op: 'delete', path, precondition: { lastUpdateTime: found.updateTime } });
        continue;
      }
      const draws = open<Draws>(request, found, 'sealed_draws');
      if (draws === undefined) throw anotherRequest();
      const outcome = open<Outcome>(request, found, 'sealed_outcome');
      if (outcome !== undefined || found.fields['attempt'] === attempt) return { draws: draws.value, outcome };
      const leaseUntil = Number(found.fields['lease_until']);
      if (leaseUntil > now) throw inProgress(leaseUntil - now);
      const fields = { attempt, lease_until: now + LEASE };
      await tryCommit({ op: 'update', path, fields, lastUpdateTime: found.updateTime });
    }
    throw new Fault('dependency_unavailable', 'The document store does not answer right now.');
  }

  /** @throws Fault `idempotency_in_progress` when another request has taken over */
  async function change(request: IdempotentRequest, attempt: string, fields: Record<string, string | number>) {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const [found] = await store.get([request.path]);
      if (found === undefined || found.fields['attempt'] !== attempt) throw inProgress(1_000);
      if (Object.entries(fields).every(([name, value]) => found.fields[name] === value)) return;
      await tryCommit({ op: 'update', path: request.path, fields, lastUpdateTime: found.updateTime });
    }
    throw new Fault('dependency_unavailable', 'The document store does not answer right now.');
  }

  /** Whether it was applied is read afterwards. */
  async function tryCommit(write: Write): Promise<void> {
    await store.commit([write]).catch((error: unknown) => {
      if (!(error instanceof CommitError)) throw error;
    });
  }
}

const reservation = (request: IdempotentRequest, attempt: string, sealed_draws: string, now: number): Write => {
  const expires_at = now + IDEMPOTENCY_RETENTION;
  const fields = { body_mac: request.mac, attempt, sealed_draws, lease_until: now + LEASE, expires_at };
  return { op: 'create', path: request.path, fields, deleteAfter: expires_at };
};

const seal = ({ sealKey, path }: IdempotentRequest, value: unknown): string =>
  sealAnswer(sealKey, path, JSON.stringify(value));

/** @returns undefined for what is not there, or belongs to another request */
function open<T>(
  { sealKey, path, mac }: IdempotentRequest,
  { fields }: Document,
  name: 'sealed_draws' | 'sealed_outcome',
): { readonly value: T } | undefined {
  const sealed = fields[name];
  if (typeof sealed !== 'string' || !sameMac(String(fields['body_mac']), mac)) return undefined;
  const text = openAnswer(sealKey, path, sealed);
  return text === undefined ? undefined : { value: readOwnJson(text) };
}

const inProgress = (milliseconds: number): Fault =>
  new Fault('idempotency_in_progress', 'The first request with this Idempotency-Key is still in progress.', {
    retryAfter: Math.ceil(milliseconds / 1000),
  });
