import { createHash } from 'node:crypto';
import type { Actor } from '#shared/audit/actor.ts';
import { MAX_PAYLOAD_BYTES, MAX_PAYLOAD_DEPTH } from '#shared/contract/license-signing.ts';
import { RESERVED_CLAIMS } from '#shared/crypto/jws.ts';
import { type LicenseClaims, RESERVED_MEMBERS } from '#shared/crypto/license.ts';
import type { KeyDirectory } from '#shared/keys/directory.ts';
import { canonicalJson, NotCanonicalError } from '#shared/license-format/canonical-json.ts';
import { LONGEST_FILE } from '#shared/license-format/license-file.ts';
import { formatTime, parseTime } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import { type InvalidMember, invalid } from '#shared/model/errors.ts';
import { readOwnJson } from '#shared/model/json-text.ts';
import type { SignClaims, Signed, TokenFormat } from '#shared/signing/sign-claims.ts';
import type { RecordSignature } from './record-signatures.ts';

export interface SignOptions {
  /** Called with what was signed before it is given away. */
  readonly record: RecordSignature;
  readonly keys: Pick<KeyDirectory, 'signingKey'>;
  readonly signClaims: SignClaims;
  readonly clock: Clock;
}

export interface SignRequest {
  readonly actor: Actor;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly format: TokenFormat;
  /** Paths in the request's body of numbers that are not integers as written. */
  readonly inexact: readonly string[];
}

/**
 * Checks the payload, signs it, and records who asked: no signature leaves without its record.
 * @throws Fault `invalid_request` naming every path at fault, `signing_unavailable`, `dependency_unavailable`
 */
export function createSign({ keys, signClaims, record, clock }: SignOptions) {
  return async ({ actor, payload, format, inexact }: SignRequest): Promise<Signed> => {
    const reserved: readonly string[] = format === 'jws' ? [...RESERVED_MEMBERS, ...RESERVED_CLAIMS] : RESERVED_MEMBERS;
    throwIfAny([...inexactNumbers(inexact), ...reservedMembers(payload, reserved), ...tooDeep(payload)]);
    const claims = canonicalClaims(payload);
    const key = await keys.signingKey();
    const publishedUntil = key.publishedUntil * 1000;
    throwIfAny(validAfter(publishedUntil, 'until when the key is published', claims));
    if (format === 'file') throwIfAny(validAfter(clock.now() + LONGEST_FILE, 'when a licence file ends', claims));
    const signed = await signClaims({ ...claims, kind: 'document' }, format, key);
    await record(actor, {
      action: 'license.sign',
      tenantId: identifier(claims['tenant_id']) ?? '',
      licenseId: identifier(claims['license_id']),
      details: { payload_sha256: digestOf(claims), token_format: format },
    });
    return signed;
  };
}

/** What the payload says it is for, if that can be an identifier of ours. */
const identifier = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(value) ? value : undefined;

/** Of the payload's canonical JSON, in lower-case hex. */
const digestOf = (claims: LicenseClaims): string => createHash('sha256').update(canonicalJson(claims)).digest('hex');

function throwIfAny(errors: readonly InvalidMember[]): void {
  if (errors.length > 0) throw invalid(errors);
}

const inexactNumbers = (paths: readonly string[]): InvalidMember[] =>
  paths.map((path) => ({ path, message: 'is not an integer within ±(2^53 - 1)' }));

const reservedMembers = (payload: object, reserved: readonly string[]): InvalidMember[] =>
  reserved
    .filter((name) => Object.hasOwn(payload, name))
    .map((name) => ({ path: `payload.${name}`, message: 'is a reserved name: signing adds it' }));

function tooDeep(payload: object): InvalidMember[] {
  const path = deeperThan(payload, MAX_PAYLOAD_DEPTH, ['payload']);
  return path === undefined ? [] : [{ path, message: `is nested more than ${MAX_PAYLOAD_DEPTH} levels deep` }];
}

/** The path of the first object or array below the allowed number of levels, the payload itself being the first. */
function deeperThan(value: unknown, levels: number, path: readonly string[]): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return path.join('.');
  for (const [name, item] of Object.entries(value)) {
    const found = deeperThan(item, levels - 1, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @throws Fault for a value without a canonical form, or too many bytes of it */
function canonicalClaims(payload: Readonly<Record<string, unknown>>): LicenseClaims {
  try {
    const text = canonicalJson(payload);
    if (text.length > MAX_PAYLOAD_BYTES) {
      throw invalid([{ path: 'payload', message: `is longer than ${MAX_PAYLOAD_BYTES} bytes of canonical JSON` }]);
    }
    // What canonicalJson accepts is what LicenseClaims describes; parsing its text gives that type without a cast.
    return readOwnJson(text);
  } catch (error) {
    if (!(error instanceof NotCanonicalError)) throw error;
    throw invalid([{ path: ['payload', ...error.path].join('.'), message: error.reason }]);
  }
}

/** A document without an end says nothing of one: clients take a null for a time that cannot be read. */
const NO_TIME = 'is not an RFC 3339 time; leave it out when there is no end';

/** A signature must not claim to be valid for longer than anybody can check it. @param until milliseconds since the epoch */
function validAfter(until: number, why: string, claims: LicenseClaims): InvalidMember[] {
  return ['expires_at', 'valid_until'].flatMap((name) => {
    const value = claims[name];
    if (value === undefined) return [];
    const path = `payload.${name}`;
    const time = typeof value === 'string' ? parseTime(value) : undefined;
    if (time === undefined) return [{ path, message: NO_TIME }];
    return time > until ? [{ path, message: `is after ${formatTime(until)}, ${why}` }] : [];
  });
}
