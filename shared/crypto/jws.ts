import { createHash } from 'node:crypto';
import { DEFAULT_ALGORITHM, SIGNATURE_ALGORITHMS } from '../license-format/algorithms.ts';
import { canonicalJson } from '../license-format/canonical-json.ts';
import { readCompactJson } from '../model/compact-json.ts';
import { parseJson } from '../model/json.ts';
import { isJsonObject } from '../model/json-text.ts';
import { checkValidity, type LicenseClaims, stampClaims } from './license.ts';
import type { Signer, SigningKey } from './signer.ts';
import { readValidity } from './validity.ts';
import { type FindKey, invalidBecause, matchingKey, type Verification, verifySignature } from './verify.ts';

/** The registered claims (RFC 7519, section 4.1) that a token adds to the licence. */
export const RESERVED_CLAIMS = ['iss', 'iat', 'exp'] as const;

/** Explicit typing (RFC 8725, section 3.11), so that another token signed with the same key is not taken for a licence. */
const TOKEN_TYPE = 'license+jwt';

/**
 * Signs the same claims as `signLicense`, as a compact JWS (RFC 7515) for clients with a JWT library. `iat` is the time of
 * signing, `exp` the earlier of `expires_at` and `valid_until`, both in seconds.
 * @param now milliseconds since the epoch
 */
export async function signLicenseToken(
  claims: LicenseClaims,
  issuer: string,
  key: SigningKey,
  signer: Signer,
  now: number,
): Promise<string> {
  const until = readValidity(claims)?.until;
  const payload = {
    ...stampClaims(claims, key, now),
    iss: issuer,
    iat: Math.floor(now / 1000),
    ...(until === undefined ? {} : { exp: Math.floor(until / 1000) }),
  };
  const header = { alg: SIGNATURE_ALGORITHMS[key.algorithm].jwsAlgorithm, kid: key.kid, typ: TOKEN_TYPE };
  const input = `${encode(canonicalJson(header))}.${encode(canonicalJson(payload))}`;
  const signature = await signer.sign(key.keyVersion, createHash('sha256').update(input).digest());
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

/**
 * Verifies a token of `signLicenseToken`. Its header may have only `alg`, `kid` and `typ`, with the values that
 * `signLicenseToken` writes: a key inside the token (`jwk`, `jku`, `x5c`) or another algorithm makes it invalid.
 * @param find by `kid`
 * @param now milliseconds since the epoch
 */
export function verifyLicenseToken(token: string, find: FindKey, now: number): Verification {
  const parts = token.split('.');
  const [header = '', payload = '', signature = ''] = parts;
  const head = readHeader(header);
  const [payloadBytes, signatureBytes] = [decode(payload), decode(signature)];
  if (parts.length !== 3 || !head || !payloadBytes || !signatureBytes) return invalidBecause('malformed');
  const claims = parseObject(payloadBytes);
  if (claims === undefined) return invalidBecause('malformed');
  const key = matchingKey(find, head.kid, DEFAULT_ALGORITHM);
  if (key === 'revoked') return invalidBecause('revoked');
  if (key === undefined || head.alg !== key.jwk.alg) return invalidBecause('unknown_key');
  const signed = Buffer.from(token.slice(0, header.length + 1 + payload.length), 'latin1');
  if (!verifySignature(key, signed, signatureBytes)) return invalidBecause('bad_signature');
  const keyVersion = claims['key_version'];
  return typeof keyVersion === 'string' ? checkValidity(claims, keyVersion, now) : invalidBecause('malformed');
}

interface Header {
  readonly alg: unknown;
  readonly kid: string;
}

/** All tokens of one key have the same header, so the last ones that were well-formed are kept, by their exact text. */
const headers = new Map<string, Header>();
const MAX_HEADERS = 64;
const MAX_HEADER_LENGTH = 1024;

function readHeader(part: string): Header | undefined {
  const known = headers.get(part);
  if (known !== undefined) return known;
  const bytes = decode(part);
  const head = bytes && parseObject(bytes);
  if (head === undefined || typeof head['kid'] !== 'string') return undefined;
  if (head['typ'] !== TOKEN_TYPE || Object.keys(head).length !== 3) return undefined;
  const read = { alg: head['alg'], kid: head['kid'] };
  if (headers.size >= MAX_HEADERS) headers.clear();
  if (part.length <= MAX_HEADER_LENGTH) headers.set(part, read);
  return read;
}

const encode = (text: string) => Buffer.from(text).toString('base64url');

/** RFC 7515, section 2: base64url without padding, in its canonical form only. */
function decode(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = bytes.toString();
    const value = readCompactJson(text) ?? parseJson(text).value;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
