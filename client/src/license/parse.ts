import {
  isSignatureAlgorithm,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
} from '../../../shared/license-format/algorithms.ts';
import { canonicalJson, canonicalJsonOrUndefined } from '../../../shared/license-format/canonical-json.ts';
import { type Bytes, fromBase64, fromBase64Url, fromHex, fromUtf8, toHex, utf8 } from '../encoding.ts';
import { asObject, type JsonObject, parseExactly, textOf } from '../json.ts';
import type { KeyDocument } from '../keys/source.ts';
import { decodeText } from '../text/decode.ts';
import { extractLicense, extractLicenseFile } from '../text/license-text.ts';
import { leafHash, rootOf } from './merkle.ts';
import type { LicenseForm } from './result.ts';

/** What any of the three forms comes down to: a key's name, the bytes that were signed, and the members that count. */
export interface Signed {
  readonly form: LicenseForm;
  readonly key: { readonly keyVersion: string } | { readonly kid: string };
  readonly algorithm: SignatureAlgorithm;
  readonly message: Bytes;
  readonly signature: Bytes;
  readonly claims: JsonObject;
  /** The key list that a licence file brings along. */
  readonly document?: KeyDocument;
}

/** Data that nobody has signed: worth nothing unless the caller says so. */
export interface Unsigned {
  readonly form: 'unsigned';
  readonly claims: JsonObject;
}

export type ParsedLicense = Signed | Unsigned | 'malformed' | 'unknown_key';

/** An acquire answer as a whole, as text, holding the licence as text: nobody wraps one deeper. */
const MOST_WRAPPINGS = 4;

/** Reads a licence in whichever form it comes, and judges nothing. */
export async function parseLicense(data: unknown): Promise<ParsedLicense> {
  let value = data;
  for (let wrapping = 0; wrapping <= MOST_WRAPPINGS; wrapping += 1) {
    if (value instanceof Uint8Array) value = decodeText(value);
    if (typeof value === 'string') {
      const file = extractLicenseFile(value);
      if (file !== undefined) return parseFile(file);
      const text = extractLicense(value);
      if (!text.startsWith('{')) return parseToken(text);
      value = parseExactly(text);
    }
    const object = asObject(value);
    if (object === undefined) return 'malformed';
    if ('license_file' in object) value = object['license_file'];
    else if ('license_token' in object) value = object['license_token'];
    else if ('license_data' in object) value = object['license_data'];
    else return parseData(object);
  }
  return 'malformed';
}

/** What is inside a licence file: the licence as signed JSON, the root's statement and the key list. */
async function parseFile(base64: string): Promise<ParsedLicense> {
  const bytes = fromBase64(base64);
  const { license, root, list } = asObject(parseExactly((bytes && fromUtf8(bytes)) ?? '')) ?? {};
  const data = asObject(license);
  if (data === undefined || root === undefined || list === undefined) return 'malformed';
  const parsed = await parseData(data);
  return typeof parsed === 'string' || parsed.form === 'unsigned' ? parsed : { ...parsed, document: { root, list } };
}

async function parseData(data: JsonObject): Promise<ParsedLicense> {
  const { signature: encoded, ...rest } = data;
  const { key_version: keyVersion, signature_algorithm: algorithm } = rest;
  if (encoded === undefined || encoded === null) return { form: 'unsigned', claims: rest };
  if (typeof encoded !== 'string' || typeof keyVersion !== 'string') return 'malformed';
  if (!isSignatureAlgorithm(algorithm)) return 'unknown_key';
  const signature = fromBase64(encoded);
  if (signature === undefined) return 'malformed';
  const { batch, ...others } = rest;
  const proof = asObject(batch);
  // What is no proof is a member like any other, and signed as such or not at all.
  const claims = proof === undefined ? rest : others;
  const text = canonicalJsonOrUndefined(claims);
  if (text === undefined) return 'malformed';
  const common = { key: { keyVersion }, algorithm, signature, claims };
  if (proof === undefined) return { ...common, form: 'signed-json', message: utf8(text) };
  const signed = await batchText(text, proof, { key_version: keyVersion, signature_algorithm: algorithm });
  return signed === undefined ? 'malformed' : { ...common, form: 'batch', message: utf8(signed) };
}

/** The most licences under one signature, which bounds what checking it costs. One alone is signed directly. */
const MAX_BATCH = 65_536;
const BATCH_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** What is signed for a batch: the root of its Merkle tree (RFC 9162), to which this licence's audit path must lead. */
async function batchText(license: string, proof: JsonObject, key: JsonObject): Promise<string | undefined> {
  const { leaf_index: index, tree_size: size, audit_path: path, signed_at, ...others } = proof;
  if (typeof index !== 'number' || typeof size !== 'number' || !Number.isSafeInteger(size)) return undefined;
  if (size < 2 || size > MAX_BATCH || !Array.isArray(path) || Object.keys(others).length > 0) return undefined;
  if (typeof signed_at !== 'string' || !BATCH_TIME.test(signed_at)) return undefined;
  const hashes = path.map((step) => (typeof step === 'string' && step.length === 64 ? fromHex(step) : undefined));
  const known = hashes.filter((hash) => hash !== undefined);
  if (known.length !== path.length) return undefined;
  const root = await rootOf(await leafHash(license), index, size, known);
  if (root === undefined) return undefined;
  return `countersign/batch/v1\n${canonicalJson({ root: toHex(root), tree_size: size, signed_at, ...key })}`;
}

/** Explicit typing (RFC 8725, section 3.11): a token of another kind under the same key is no licence. */
const TOKEN_TYPE = 'license+jwt';

/** The header may hold `alg`, `kid` and `typ` alone: a key inside the token is never considered. */
function parseToken(token: string): ParsedLicense {
  const parts = token.split('.');
  const [head, payload, signature] = parts.map(fromBase64Url);
  if (parts.length !== 3 || !head || !payload || !signature) return 'malformed';
  const header = asObject(parseExactly(fromUtf8(head) ?? ''));
  const claims = asObject(parseExactly(fromUtf8(payload) ?? ''));
  const kid = textOf(header?.['kid']);
  if (header === undefined || claims === undefined || kid === undefined) return 'malformed';
  if (header['typ'] !== TOKEN_TYPE || Object.keys(header).length !== 3) return 'malformed';
  const algorithm = claims['signature_algorithm'];
  if (!isSignatureAlgorithm(algorithm) || header['alg'] !== SIGNATURE_ALGORITHMS[algorithm].jwsAlgorithm)
    return 'unknown_key';
  if (typeof claims['key_version'] !== 'string') return 'malformed';
  const message = utf8(token.slice(0, token.lastIndexOf('.')));
  return { form: 'jws', key: { kid }, algorithm, message, signature, claims };
}
