import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPublicKey } from '#shared/crypto/public-key.ts';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { ROOT } from './sources.ts';
import { makeTrustVectors } from './vectors/trust.ts';

/**
 * `node scripts/make-vectors.ts [licenses] [trust]`: licences, good and bad, in all three forms, for checking a verifier in any language
 * (test/vectors/README.md). The private keys are made for this run and kept nowhere, so nobody can add a vector to
 * those that are there: they are all made anew.
 */
interface Vector {
  readonly name: string;
  /** The licence as text, as it would lie in a file. */
  readonly license: string;
  readonly now: string;
  readonly hardware_id?: string;
  readonly features?: readonly string[];
  /** What is signed, and the signature in base64, where the text leads that far; for checking with other tools. */
  readonly signed_text?: string;
  readonly signature?: string;
  readonly key_version?: string;
  readonly expected: 'valid' | string;
}

const ALGORITHM = 'RSA_SIGN_PKCS1_4096_SHA256';
const NOW = '2026-07-01T12:00:00.000Z';

function makeKey(keyVersion: string) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 4096 });
  const { pem, jwk, kid } = readPublicKey(publicKey.export({ type: 'spki', format: 'pem' }).toString(), ALGORITHM);
  return { keyVersion, privateKey, pem, jwk, kid };
}

type Key = ReturnType<typeof makeKey>;
type Claims = Readonly<Record<string, unknown>>;

const [first, second, hidden] = [makeKey('vectors.1'), makeKey('vectors.2'), makeKey('vectors.3')];

const CLAIMS = {
  license_key: 'CS-VECTO-RS000-00000-00000-00000-00000-00000-00000',
  license_id: 'lic_vectors00000',
  session_id: 'lic_vectors00000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  tenant_id: 'vectors',
  tier: 'professional',
  features: ['export', 'collaboration'],
  max_seats: 10,
  hardware_id: 'machine-1',
  user_email: null,
  expires_at: '2027-06-30T00:00:00.000Z',
  valid_until: '2026-07-04T11:00:00.000Z',
};
const AWKWARD = {
  name: 'Jürgen Müßig-Łódź',
  emoji: '🎟️ seat №1 😀',
  control: 'tab\there\nline\r\b\f"quoted" \\ / \u0001 \u007f \u2028',
  'ключ 🔑': { ｆｕｌｌ: true, '\ue000': 1, '😀': 2, z: null },
  numbers: [0, -1, -9007199254740991, 9007199254740991],
  empty: [{}, [], ''],
};

const stamp = (claims: Claims, key: Key): Claims => ({
  ...claims,
  signed_at: '2026-07-01T11:00:00.000Z',
  key_version: key.keyVersion,
  signature_algorithm: ALGORITHM,
});
const rsa = (text: string, key: KeyObject): Buffer => sign('sha256', Buffer.from(text), key);

interface Signed {
  readonly data: Claims & { readonly signature: string };
  readonly parts: Pick<Vector, 'signed_text' | 'signature' | 'key_version'>;
}

function signJson(claims: Claims, key: Key): Signed {
  const stamped = stamp(claims, key);
  const text = canonicalJson(stamped);
  const signature = rsa(text, key.privateKey).toString('base64');
  return { data: { ...stamped, signature }, parts: { signed_text: text, signature, key_version: key.keyVersion } };
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signJws(claims: Claims, key: Key, header: object = { alg: 'RS256', kid: key.kid, typ: 'license+jwt' }) {
  const times = { iss: 'https://countersign.example', iat: 1_782_903_600, exp: 1_783_162_800 };
  const text = `${part(header)}.${part({ ...stamp(claims, key), ...times })}`;
  const signature = rsa(text, key.privateKey);
  const token = `${text}.${signature.toString('base64url')}`;
  const parts = { signed_text: text, signature: signature.toString('base64'), key_version: key.keyVersion };
  return { token, parts };
}

const hash = (...parts: readonly (Uint8Array | string)[]) =>
  parts.reduce((sum, one) => sum.update(one), createHash('sha256')).digest();
const leaf = (text: string) => hash(Uint8Array.of(0), text);

/** RFC 9162, section 2.1.1 and 2.1.3.1, as they are written there: by splitting at the largest power of two. */
const split = (size: number) => 2 ** Math.ceil(Math.log2(size) - 1);
function root(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  const k = split(leaves.length);
  return hash(Uint8Array.of(1), root(leaves.slice(0, k)), root(leaves.slice(k)));
}
function auditPath(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return index < k
    ? [...auditPath(index, leaves.slice(0, k)), root(leaves.slice(k))]
    : [...auditPath(index - k, leaves.slice(k)), root(leaves.slice(0, k))];
}

function signBatch(size: number, index: number, key: Key): Signed {
  const stamped = Array.from({ length: size }, (_, n) =>
    stamp({ ...CLAIMS, user_email: `user-${n}@example.com` }, key),
  );
  const leaves = stamped.map((one) => leaf(canonicalJson(one)));
  const signed_at = '2026-07-01T11:00:00.250Z';
  const head = { root: root(leaves).toString('hex'), tree_size: size, signed_at };
  const text = `countersign/batch/v1\n${canonicalJson({ ...head, key_version: key.keyVersion, signature_algorithm: ALGORITHM })}`;
  const signature = rsa(text, key.privateKey).toString('base64');
  const path = auditPath(index, leaves).map((step) => step.toString('hex'));
  const batch = { leaf_index: index, tree_size: size, audit_path: path, signed_at };
  const parts = { signed_text: text, signature, key_version: key.keyVersion };
  return { data: { ...stamped[index], signature, batch }, parts };
}

const vectors: Vector[] = [];
const add = (name: string, license: unknown, expected: string, rest: Partial<Vector> = {}) =>
  void vectors.push({
    name,
    license: typeof license === 'string' ? license : JSON.stringify(license),
    now: NOW,
    ...rest,
    expected,
  });

function signedJson(): void {
  const { data, parts } = signJson(CLAIMS, first);
  const { signature, ...unsigned } = data;
  const awkward = signJson({ ...CLAIMS, ...AWKWARD }, first);
  const bare = signJson({ hello: 'world' }, second);
  const numbered = signJson({ ...CLAIMS, n: 9007199254740991 }, first);
  const values = signJson({ ...CLAIMS, features: { seats: 5, export: true, beta: false, plan: 'gold' } }, first);
  const bytes = Buffer.from(signature, 'base64');
  const forged = (by: Buffer) => ({ ...data, signature: by.toString('base64') });
  const text = canonicalJson(unsigned);

  add('signed JSON', data, 'valid', { ...parts, hardware_id: 'machine-1', features: ['export'] });
  add('signed JSON, printed over many lines', JSON.stringify(data, null, 2), 'valid', parts);
  add('signed JSON, members in another order', Object.fromEntries(Object.entries(data).reverse()), 'valid', parts);
  add('signed JSON with every kind of character', awkward.data, 'valid', awkward.parts);
  add('signed JSON without times, by another key', bare.data, 'valid', bare.parts);
  add('signed JSON, features with values', values.data, 'valid', { ...values.parts, features: ['seats', 'plan'] });
  add('the last moment of valid_until', data, 'valid', { now: '2026-07-04T10:59:59.999Z' });
  add('a signature of a minute ahead', data, 'valid', { now: '2026-07-01T10:59:00.000Z' });
  add('a feature that is switched off', values.data, 'missing_feature', { features: ['beta'] });
  add('a feature that is not there', data, 'missing_feature', { features: ['export', 'admin'] });
  add('another machine', data, 'wrong_hardware', { hardware_id: 'machine-2' });
  add('valid_until has come', data, 'stale', { now: CLAIMS.valid_until });
  add('expires_at has come', data, 'expired', { now: CLAIMS.expires_at });
  add('signed in the future', data, 'not_yet_valid', { now: '2026-07-01T10:54:59.999Z' });
  add('a member changed', { ...data, max_seats: 11 }, 'bad_signature');
  add('a member added', { ...data, extra: null }, 'bad_signature');
  add(
    'a member removed',
    Object.fromEntries(Object.entries(data).filter(([n]) => n !== 'user_email')),
    'bad_signature',
  );
  add('valid_until prolonged', { ...data, valid_until: '2027-06-01T00:00:00.000Z' }, 'bad_signature');
  add('the version of another key', { ...data, key_version: 'vectors.2' }, 'bad_signature');
  add('a key that is not published', signJson(CLAIMS, hidden).data, 'unknown_key');
  add('another algorithm', { ...data, signature_algorithm: 'RSA_SIGN_PSS_4096_SHA256' }, 'unknown_key');
  add('an algorithm named like a method', { ...data, signature_algorithm: 'toString' }, 'unknown_key');
  add('no signature', unsigned, 'unsigned');
  add('a null signature', { ...data, signature: null }, 'unsigned');
  add('an empty signature', { ...data, signature: '' }, 'bad_signature');
  add('a signature cut short', forged(bytes.subarray(0, 511)), 'bad_signature');
  add('a signature with a byte more', forged(Buffer.concat([bytes, Buffer.alloc(1)])), 'bad_signature');
  add(
    'a bit of the signature flipped',
    forged(Buffer.from(bytes.map((b, i) => (i === 300 ? b ^ 1 : b)))),
    'bad_signature',
  );
  add('signed with SHA-512', forged(sign('sha512', Buffer.from(text), first.privateKey)), 'bad_signature');
  const pss = { key: first.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING };
  add('signed with PSS', forged(sign('sha256', Buffer.from(text), pss)), 'bad_signature');
  add(
    'base64 with a line break',
    { ...data, signature: `${signature.slice(0, 64)}\n${signature.slice(64)}` },
    'malformed',
  );
  add('base64 of the URL alphabet', { ...data, signature: bytes.toString('base64url') }, 'malformed');
  add('an integer', numbered.data, 'valid', numbered.parts);
  const number = JSON.stringify(numbered.data);
  add('a number that rounds to the one signed', number.replace('9007199254740991', '9007199254740991.2'), 'malformed');
  add('the integer as a float', number.replace('9007199254740991', '9007199254740991.0'), 'malformed');
  add('the integer with an exponent', number.replace('9007199254740991', '9007199254740991e0'), 'malformed');
  add('an integer beyond 2^53-1', number.replace('9007199254740991', '9007199254740992'), 'malformed');
  add('a lone surrogate', JSON.stringify({ ...data, extra: '?' }).replace('"?"', '"\\ud83d"'), 'malformed');
  add('nested 65 levels deep', { ...data, extra: JSON.parse('['.repeat(65) + ']'.repeat(65)) }, 'malformed');
  add('no key_version', { ...data, key_version: null }, 'malformed');
  const odd = signJson({ ...CLAIMS, valid_until: 'tomorrow' }, first);
  add('a signed time that is none', odd.data, 'malformed');
  const february = signJson({ ...CLAIMS, valid_until: '2027-02-30T00:00:00.000Z' }, first);
  add('a signed day that is none', february.data, 'malformed');
  add('an array', '[]', 'malformed');
  add('cut off', JSON.stringify(data).slice(0, -1), 'malformed');
}

function tokens(): void {
  const { token, parts } = signJws(CLAIMS, first);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const head = (rest: object) =>
    signJws(CLAIMS, first, { alg: 'RS256', kid: first.kid, typ: 'license+jwt', ...rest }).token;
  const richer = part({ ...stamp({ ...CLAIMS, max_seats: 1000 }, first) });

  add('JWS', token, 'valid', { ...parts, hardware_id: 'machine-1', features: ['collaboration'] });
  add('JWS with every kind of character', signJws({ ...CLAIMS, ...AWKWARD }, second).token, 'valid');
  add('JWS, stale', token, 'stale', { now: CLAIMS.valid_until });
  add('JWS, another machine', token, 'wrong_hardware', { hardware_id: 'machine-2' });
  add('JWS, payload changed', `${header}.${richer}.${signature}`, 'bad_signature');
  add('JWS by a key that is not published', signJws(CLAIMS, hidden).token, 'unknown_key');
  add('JWS with the kid of another key', head({ kid: second.kid }), 'bad_signature');
  add('JWS, alg none', `${part({ alg: 'none', kid: first.kid, typ: 'license+jwt' })}.${payload}.`, 'unknown_key');
  add('JWS, alg none with a signature', head({ alg: 'none' }), 'unknown_key');
  add('JWS, alg PS256', head({ alg: 'PS256' }), 'unknown_key');
  add('JWS of another type', head({ typ: 'JWT' }), 'malformed');
  add('JWS that brings its own key', head({ jwk: hidden.jwk }), 'malformed');
  add('JWS with padding', `${token}==`, 'malformed');
  add('JWS without a signature', `${header}.${payload}`, 'malformed');
  add('JWS with a fourth part', `${token}.AAAA`, 'malformed');
}

function batches(): void {
  for (const [size, indices] of [
    [2, [0, 1]],
    [5, [0, 2, 3, 4]],
    [8, [6]],
    [100, [99, 64, 31]],
  ] as const) {
    for (const index of indices) {
      const { data, parts } = signBatch(size, index, first);
      add(`batch of ${size}, licence ${index}`, data, 'valid', { ...parts, hardware_id: 'machine-1' });
    }
  }
  const { data } = signBatch(5, 2, first);
  const { batch, ...without } = data;
  if (typeof batch !== 'object' || batch === null || !('audit_path' in batch)) throw new TypeError('no batch');
  const path = Array.isArray(batch.audit_path) ? batch.audit_path.map(String) : [];
  const altered = (rest: object) => ({ ...data, batch: { ...batch, ...rest } });
  add('batch, a member changed', { ...data, max_seats: 11 }, 'bad_signature');
  add('batch, licence of another place', altered({ leaf_index: 3 }), 'bad_signature');
  add('batch, index outside', altered({ leaf_index: 5 }), 'malformed');
  add('batch, negative index', altered({ leaf_index: -1 }), 'malformed');
  add('batch of another size', altered({ tree_size: 6 }), 'bad_signature');
  add('batch, a step changed', altered({ audit_path: [path[1], path[0], path[2]] }), 'bad_signature');
  add('batch, a step missing', altered({ audit_path: path.slice(1) }), 'malformed');
  add('batch, a step too many', altered({ audit_path: [...path, path[0]] }), 'malformed');
  add('batch, upper-case hex', altered({ audit_path: path.map((step) => step.toUpperCase()) }), 'malformed');
  add('batch, another time of signing', altered({ signed_at: '2026-07-01T11:00:00.251Z' }), 'bad_signature');
  add('batch, a member too many', altered({ root: path[0] }), 'malformed');
  add('batch, null', { ...data, batch: null }, 'bad_signature');
  add('batch of one, which is never signed', signBatch(1, 0, first).data, 'malformed');
  add('batch of an inexact time', altered({ signed_at: '2026-07-01T11:00:00Z' }), 'malformed');
  add('batch signature without its batch', without, 'bad_signature');
  add(
    'licence of its own with the batch of another',
    { ...signJson(CLAIMS, first).data, batch: signBatch(2, 0, first).data['batch'] },
    'bad_signature',
  );
}

async function write(name: string, value: object & { readonly vectors: readonly unknown[] }): Promise<void> {
  // Short lists on one line, as the formatter has them.
  const text = JSON.stringify(value, null, 2).replace(
    /\[\s+("[^\]]*?"|null)\s+\]/g,
    (_list, items: string) => `[${items.replace(/\s+/g, ' ')}]`,
  );
  await writeFile(join(ROOT, `test/vectors/${name}.json`), `${text}\n`);
  process.stdout.write(`${name}: ${value.vectors.length} vectors\n`);
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['licenses', 'trust'];
if (wanted.includes('licenses')) {
  signedJson();
  tokens();
  batches();
  const keys = [first, second].map(({ keyVersion, pem, jwk }) => ({
    key_version: keyVersion,
    algorithm: ALGORITHM,
    pem,
    ...jwk,
  }));
  const document = { keys, vectors };
  await write('licenses', document);
}
if (wanted.includes('trust')) await write('trust', makeTrustVectors());
