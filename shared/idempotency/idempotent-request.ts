import { timingSafeEqual } from 'node:crypto';
import { Fault } from '../model/errors.ts';
import type { Principal } from '../model/principal.ts';
import { deriveSecrets, idempotencyKeyIn, macOf } from './secrets.ts';

/** What tells a request from another one, and whose it is. */
export interface IdempotentInput {
  readonly params: unknown;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly principal: Principal;
}

export interface IdempotentRequest {
  /** The path of the record. */
  readonly path: string;
  /** Of route, parameters and body. */
  readonly mac: string;
  /** Seals what the record holds. */
  readonly sealKey: Uint8Array;
}

/**
 * @returns undefined for a request without an Idempotency-Key
 * @throws Fault `invalid_request` for a key that is too short to be unguessable, or too long
 */
export async function identifyRequest(
  input: IdempotentInput,
  route: { readonly id: string },
): Promise<IdempotentRequest | undefined> {
  const key = idempotencyKeyIn(input.headers);
  if (key === undefined) return undefined;
  const { path, macKey, sealKey } = await deriveSecrets(callerOf(input.principal), key);
  return { path, sealKey, mac: macOf(macKey, [JSON.stringify([route.id, input.params ?? {}, input.body])]) };
}

function callerOf(principal: Principal): string {
  switch (principal.kind) {
    case 'user':
      return `user:${principal.uid}`;
    case 'service':
    case 'scheduler':
      return `${principal.kind}:${principal.email}`;
    case 'portal':
      return `portal:${principal.sessionId}`;
    case 'anyone':
      throw new Fault('unauthenticated', 'An Idempotency-Key belongs to a caller.');
    default:
      return principal satisfies never;
  }
}

export function sameMac(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export const anotherRequest = (): Fault =>
  new Fault('idempotency_conflict', 'The first request with this Idempotency-Key was another one.');
