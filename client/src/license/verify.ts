import { LONGEST_FILE } from '../../../shared/license-format/license-file.ts';
import { type JsonObject, numberOf } from '../json.ts';
import { type CheckSignature, checkSignature } from '../keys/check-signature.ts';
import { type KeyMaterial, pinnedKeys } from '../keys/pinned.ts';
import type { PublicKey } from '../keys/public-key.ts';
import { type KeySource, KeysUnavailable } from '../keys/source.ts';
import type { TrustedClock } from '../trusted-clock.ts';
import { hasFeature } from './features.ts';
import { parseLicense, type Signed } from './parse.ts';
import { type LicenseCheck, type LicenseTimes, type RefusedLicense, refuse, type ValidLicense } from './result.ts';
import { CLOCK_TOLERANCE, readTimes, refusalAt } from './times.ts';

export interface VerifyOptions {
  /** The present, in milliseconds since the epoch; default: `clock`'s, else this machine's. */
  readonly now?: number;
  /** Remembers the times that were seen, so that a clock that is turned back is noticed. */
  readonly clock?: Pick<TrustedClock, 'now' | 'turnedBack' | 'sawSigned' | 'sawAnswer' | 'accepted'>;
  /** Of the request that the licence answers, which must be repeated in it. Then it tells `clock` the time. */
  readonly nonce?: string | undefined;
  /** What `clock.asked()` gave when the request was sent that has the nonce. */
  readonly asked?: readonly number[] | undefined;
  /** What must have been signed: the licence of a seat, or a document for somebody's back end. */
  readonly kind?: 'seat' | 'document';
  /** What the licence must be for. A licence that names no product is for `default`. */
  readonly product?: string;
  /** What the licence must be bound to. Without it the binding is not looked at. */
  readonly hardwareId?: string;
  /** Features that the licence must include. */
  readonly features?: readonly string[];
  /** What `iss` of a JWS must be. The other forms have none. */
  readonly issuer?: string;
  /** Accept data without a signature, which anybody can write. Default false. */
  readonly allowUnsigned?: boolean;
  /** Replaces WebCrypto. */
  readonly checkSignature?: CheckSignature;
}

/**
 * Checks a licence without asking anybody, except for keys that a fetching key source does not have yet.
 * @param data `license_data`, `license_token`, the text of a licence file, a whole acquire answer, or any of them as text. Prefer the text as it
 *   was received: only there can a number be noticed that is no integer as written.
 * @param keys a key source (`rootKey`, `pinnedKeys`), or the keys that sign licences: PEM, JWK, JWKS, the list of public keys
 * @typeParam Claims what the program expects to have been signed, `SeatClaims` for one: its types are not looked at
 * @returns a union: look at `valid` first. It never throws for what the data holds.
 * @throws TypeError for key material that is none
 */
export function verifyLicense<Claims extends object = JsonObject>(
  data: unknown,
  keys: KeySource | KeyMaterial,
  options?: VerifyOptions,
): Promise<LicenseCheck<Claims>>;
export async function verifyLicense(
  data: unknown,
  keys: KeySource | KeyMaterial,
  options: VerifyOptions = {},
): Promise<LicenseCheck> {
  const parsed = await parseLicense(data);
  if (typeof parsed === 'string') return refuse(parsed);
  if (parsed.form === 'unsigned') {
    return options.allowUnsigned ? judge(parsed.claims, { form: 'unsigned' }, options) : refuse('unsigned');
  }
  const source = sourceOf(keys);
  const { document } = parsed;
  const key = await findSigner(parsed, (document && source.inFile?.(document)) ?? source, options);
  if ('reason' in key) return key;
  const keyVersion = String(parsed.claims['key_version']);
  const { trustedFrom, trustedUntil, list } = key;
  return judge(
    parsed.claims,
    {
      ...{ form: parsed.form, keyVersion, trustedFrom, trustedUntil, inFile: document !== undefined },
      ...(list === undefined ? {} : { keyList: list }),
    },
    options,
  );
}

/** @internal */
export const sourceOf = (keys: KeySource | KeyMaterial): KeySource =>
  typeof keys === 'object' && 'find' in keys && typeof keys.find === 'function' ? keys : pinnedKeys(keys);

/** The key that made the signature, after root, directory and list are checked; or why there is none. */
async function findSigner(
  { key: name, algorithm, message, signature, claims }: Signed,
  source: KeySource,
  { nonce, checkSignature: check = checkSignature }: VerifyOptions,
): Promise<PublicKey | RefusedLicense> {
  try {
    const keysSequence = numberOf(claims['keys_sequence']);
    const found = await source.find(name, { keysSequence, fresh: nonce !== undefined });
    if (typeof found === 'string') return refuse(found);
    const candidates = found.filter((key) => key.algorithm === algorithm);
    if (candidates.length === 0) return refuse('unknown_key');
    for (const key of candidates) if (await check(key, message, signature)) return key;
    return refuse('bad_signature');
  } catch (error) {
    if (error instanceof KeysUnavailable) return refuse('keys_unavailable');
    throw error;
  }
}

interface Signing extends Pick<ValidLicense, 'form' | 'keyVersion' | 'keyList'> {
  readonly trustedFrom?: number | undefined;
  readonly trustedUntil?: number | undefined;
  readonly inFile?: boolean;
}

/** The last step for every form: nonce, which gives the time, then times, product, machine, features. */
function judge(
  claims: JsonObject,
  {
    trustedFrom = Number.NEGATIVE_INFINITY,
    trustedUntil = Number.POSITIVE_INFINITY,
    inFile = false,
    ...signing
  }: Signing,
  { now, clock, nonce, asked, kind, product, hardwareId, features = [], issuer }: VerifyOptions,
): LicenseCheck {
  const times = inFile ? limitFile(readTimes(claims)) : readTimes(claims);
  if (times === undefined) return refuse('malformed');
  if (signing.form === 'jws' && issuer !== undefined && claims['iss'] !== issuer) return refuse('wrong_issuer');
  if (nonce !== undefined && claims['nonce'] !== nonce) return refuse('wrong_nonce');
  if (signing.form !== 'unsigned' && times.signedAt !== undefined) {
    if (nonce === undefined) clock?.sawSigned(times.signedAt);
    else clock?.sawAnswer(times.signedAt, asked);
  }
  if (kind !== undefined && claims['kind'] !== kind) return refuse('wrong_kind');
  if (clock?.turnedBack()) return refuse('clock_turned_back');
  const present = now ?? clock?.now() ?? Date.now();
  const refusal = refusalAt(times, present);
  if (refusal !== undefined) return refuse(refusal);
  if (trustedFrom > present + CLOCK_TOLERANCE) return refuse('not_yet_valid');
  if (trustedUntil <= present) return refuse('keys_expired');
  if (product !== undefined && (claims['product'] ?? 'default') !== product) return refuse('wrong_product');
  if (hardwareId !== undefined && claims['hardware_id'] !== hardwareId) return refuse('wrong_hardware');
  const license: ValidLicense = { valid: true, ...signing, claims, ...times };
  if (!features.every((name) => hasFeature(license, name))) return refuse('missing_feature');
  if (nonce === undefined) clock?.accepted();
  return license;
}

/** A file without a time of signing has no end, and is none. */
function limitFile(times: LicenseTimes | undefined): LicenseTimes | undefined {
  if (times?.signedAt === undefined) return undefined;
  const end = times.signedAt + LONGEST_FILE;
  return { ...times, validUntil: Math.min(times.validUntil ?? end, end) };
}
