import type { JsonObject } from '../json.ts';
import { type CheckSignature, checkSignature } from '../keys/check-signature.ts';
import { type KeyMaterial, pinnedKeys } from '../keys/pinned.ts';
import { type KeySource, KeysUnavailable } from '../keys/source.ts';
import type { TrustedClock } from '../trusted-clock.ts';
import { hasFeature } from './features.ts';
import { parseLicense, type Signed } from './parse.ts';
import { type LicenseCheck, type RefusedLicense, refuse, type ValidLicense } from './result.ts';
import { readTimes, refusalAt } from './times.ts';

export interface VerifyOptions {
  /** The present, in milliseconds since the epoch; default: `clock`'s, else this machine's. */
  readonly now?: number;
  /** Remembers the times that were seen, so that a clock that is turned back is noticed. */
  readonly clock?: Pick<TrustedClock, 'now' | 'turnedBack' | 'sawSigned'>;
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
 * @param data `license_data`, `license_token`, a whole acquire answer, or any of them as text. Prefer the text as it
 *   was received: only there can a number be noticed that is no integer as written.
 * @param keys a key source (`pinnedKeys`, `fetchedKeys`), or key material: PEM, JWK, JWKS, the list of public keys
 * @returns a union: look at `valid` first. It never throws for what the data holds.
 * @throws TypeError for key material that is none
 */
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
  const refused = await checkKeyAndSignature(parsed, sourceOf(keys), options.checkSignature ?? checkSignature);
  if (refused !== undefined) return refused;
  const keyVersion = String(parsed.claims['key_version']);
  return judge(parsed.claims, { form: parsed.form, keyVersion }, options);
}

const sourceOf = (keys: KeySource | KeyMaterial): KeySource =>
  typeof keys === 'object' && 'find' in keys && typeof keys.find === 'function' ? keys : pinnedKeys(keys);

async function checkKeyAndSignature(
  signed: Signed,
  source: KeySource,
  check: CheckSignature,
): Promise<RefusedLicense | undefined> {
  try {
    const found = await source.find(signed.key);
    const candidates = found.filter(({ algorithm }) => algorithm === signed.algorithm);
    if (candidates.length === 0) return refuse('unknown_key');
    for (const key of candidates) if (await check(key, signed.message, signed.signature)) return undefined;
    return refuse('bad_signature');
  } catch (error) {
    if (error instanceof KeysUnavailable) return refuse('keys_unavailable');
    throw error;
  }
}

/** The last step for every form: times, machine, features. */
function judge(
  claims: JsonObject,
  signing: Pick<ValidLicense, 'form' | 'keyVersion'>,
  { now, clock, hardwareId, features = [], issuer }: VerifyOptions,
): LicenseCheck {
  const times = readTimes(claims);
  if (times === undefined) return refuse('malformed');
  if (signing.form === 'jws' && issuer !== undefined && claims['iss'] !== issuer) return refuse('wrong_issuer');
  if (signing.form !== 'unsigned' && times.signedAt !== undefined) clock?.sawSigned(times.signedAt);
  if (clock?.turnedBack()) return refuse('clock_turned_back');
  const refusal = refusalAt(times, now ?? clock?.now() ?? Date.now());
  if (refusal !== undefined) return refuse(refusal);
  if (hardwareId !== undefined && claims['hardware_id'] !== hardwareId) return refuse('wrong_hardware');
  const license: ValidLicense = { valid: true, ...signing, claims, ...times };
  return features.every((name) => hasFeature(license, name)) ? license : refuse('missing_feature');
}
