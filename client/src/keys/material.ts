import {
  DEFAULT_ALGORITHM,
  isSignatureAlgorithm,
  SIGNATURE_ALGORITHMS,
} from '../../../shared/license-format/algorithms.ts';
import { type Bytes, fromBase64, fromBase64Url, sha256, toBase64Url, utf8 } from '../encoding.ts';
import { asObject, type JsonObject, textOf } from '../json.ts';
import { decodeText } from '../text/decode.ts';
import type { PublicKey } from './public-key.ts';

/**
 * Reads keys from whatever they are published as: SPKI PEM, a JWK, a JWKS (RFC 7517), the list of
 * `GET /api/v1/public-keys`, or an array of these.
 * @throws TypeError when one of them is no RSA public key of the size that its algorithm asks for
 */
export const readKeys = (material: unknown): Promise<PublicKey[]> => readNested(material, 0);

/** Deeper than anybody publishes keys. */
const DEEPEST = 8;

async function readNested(material: unknown, depth: number): Promise<PublicKey[]> {
  if (depth > DEEPEST) throw notKeys('it is nested too deeply');
  if (material instanceof Uint8Array) return readText(decodeText(material), depth + 1);
  if (typeof material === 'string') return readText(material, depth + 1);
  if (Array.isArray(material)) return (await Promise.all(material.map((one) => readNested(one, depth + 1)))).flat();
  const object = asObject(material);
  if (object === undefined) throw notKeys('it is neither PEM nor JSON');
  if (Array.isArray(object['keys'])) return readNested(object['keys'], depth + 1);
  const { pem, n, e } = object;
  if (typeof pem === 'string') return [await readPem(pem, object)];
  if (object['kty'] === 'RSA' && typeof n === 'string' && typeof e === 'string')
    return [await readNumbers(n, e, object)];
  throw notKeys('it has neither pem nor the members of an RSA JWK');
}

const PEM = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;
/** What a mail program puts before each line that it quotes. */
const QUOTING = /^[ \t]*(?:[>|][ \t]?)+/gm;

async function readText(given: string, depth: number): Promise<PublicKey[]> {
  // UTF-16 that was read as UTF-8 has a zero after each character.
  const text = given.replace(/[\0\ufeff\ufffd]/g, '').replace(QUOTING, '');
  // JSON first: a list of keys holds PEMs as well, with their line ends escaped.
  const pems = /^\s*[[{]/.test(text) ? null : text.match(PEM);
  if (pems !== null) return Promise.all(pems.map((pem) => readPem(pem, {})));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notKeys('the text is neither an SPKI PEM nor JSON');
  }
  if (typeof value === 'string') throw notKeys('the text is neither an SPKI PEM nor JSON');
  return readNested(value, depth + 1);
}

async function readPem(pem: string, described: JsonObject): Promise<PublicKey> {
  const der = fromBase64(pem.replace(/-----(BEGIN|END) PUBLIC KEY-----|\s/g, ''));
  const numbers = der && rsaNumbers(der);
  if (numbers === undefined) throw notKeys('the PEM holds no RSA public key');
  return readNumbers(toBase64Url(numbers.n), toBase64Url(numbers.e), described);
}

async function readNumbers(n: string, e: string, described: JsonObject): Promise<PublicKey> {
  const named = described['algorithm'];
  if (named !== undefined && !isSignatureAlgorithm(named)) throw notKeys(`the algorithm ${String(named)} is unknown`);
  const algorithm = named ?? DEFAULT_ALGORITHM;
  const facts = SIGNATURE_ALGORITHMS[algorithm];
  const modulus = fromBase64Url(n);
  if (modulus?.length !== facts.modulusBits / 8 || (modulus[0] ?? 0) < 0x80 || e !== facts.jwkExponent) {
    throw notKeys(`${algorithm} needs a modulus of ${facts.modulusBits} bits and the exponent 65537`);
  }
  // RFC 7638, section 3: the required members in order, without white space.
  const thumbprint = async () => toBase64Url(await sha256(utf8(JSON.stringify({ e, kty: 'RSA', n }))));
  // A wrong kid gains nothing: whoever gives it gives the key as well.
  const kid = textOf(described['kid']) ?? (await thumbprint());
  const keyVersion = textOf(described['key_version']);
  return { algorithm, kid, n, e, ...(keyVersion === undefined ? {} : { keyVersion }) };
}

const notKeys = (why: string) =>
  new TypeError(`Not public keys: ${why}. Take them from /api/v1/public-keys or /.well-known/jwks.json of the server.`);

/** DER of SubjectPublicKeyInfo { { rsaEncryption, NULL }, BIT STRING { SEQUENCE { n, e } } } (RFC 8017, appendix A.1.1). */
function rsaNumbers(der: Bytes): { n: Bytes; e: Bytes } | undefined {
  const outer = take(der, 0, 0x30);
  const algorithm = outer && take(der, outer.start, 0x30);
  const bits = algorithm && take(der, algorithm.end, 0x03);
  const numbers = bits && take(der, bits.start + 1, 0x30);
  const n = numbers && take(der, numbers.start, 0x02);
  const e = n && take(der, n.end, 0x02);
  if (!outer || !e || outer.end !== der.length) return undefined;
  return { n: unsigned(der.slice(n.start, n.end)), e: unsigned(der.slice(e.start, e.end)) };
}

function take(der: Bytes, at: number, tag: number): { start: number; end: number } | undefined {
  const first = der[at + 1];
  if (der[at] !== tag || first === undefined) return undefined;
  const extra = first < 0x80 ? 0 : first - 0x80;
  if (extra > 3) return undefined;
  const length = extra === 0 ? first : der.slice(at + 2, at + 2 + extra).reduce((sum, byte) => sum * 256 + byte, 0);
  const start = at + 2 + extra;
  return start + length <= der.length ? { start, end: start + length } : undefined;
}

/** DER puts a zero before a number whose first bit is set. */
const unsigned = (bytes: Bytes): Bytes => (bytes[0] === 0 ? bytes.slice(1) : bytes);
