import { createHash, type KeyObject, sign } from 'node:crypto';
import { resolve } from 'node:path';
import { createRsaKeys } from '#local/kms/rsa-keys.ts';
import { readPublicKey } from '#shared/crypto/public-key.ts';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';

/** What the scripted server signs with: real keys and signatures, made as the suite makes them. */
const ALGORITHM = 'RSA_SIGN_PKCS1_4096_SHA256';
const DAY = 86_400_000;

export interface Key {
  readonly keyVersion: string;
  readonly kid: string;
  readonly pem: string;
  readonly privateKey: KeyObject;
}

/** Kept from run to run, since making an RSA-4096 key takes seconds. */
const rsaKeys = createRsaKeys(resolve(import.meta.dirname, '../../.local/clients/keys'));

async function takeKey(keyVersion: string): Promise<Key> {
  const privateKey = await rsaKeys.take(4096);
  const spki = `-----BEGIN PUBLIC KEY-----\n${spkiOf(privateKey)}\n-----END PUBLIC KEY-----\n`;
  const { pem, kid } = readPublicKey(spki, ALGORITHM);
  return { keyVersion, kid, pem, privateKey };
}

function spkiOf(privateKey: KeyObject): string {
  const { n = '', e = '' } = privateKey.export({ format: 'jwk' });
  const modulus = Buffer.concat([Buffer.of(0), Buffer.from(n, 'base64url')]);
  const exponent = Buffer.from(e, 'base64url');
  const head = Buffer.from('30820222300d06092a864886f70d01010105000382020f003082020a02820201', 'hex');
  const der = Buffer.concat([head, modulus, Buffer.of(2, exponent.length), exponent]);
  return (der.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
}

/** A root, the directory key that it names, two keys that sign licences, and a stranger's. */
export async function takeKeys() {
  await rsaKeys.prepare(4096, 5);
  const [root, directory, first, second, stranger] = await Promise.all(
    ['root.1', 'directory.1', 'signing.1', 'signing.2', 'stranger.1'].map(takeKey),
  );
  if (!root || !directory || !first || !second || !stranger) throw new TypeError('there are five keys');
  return { root, directory, first, second, stranger };
}

export type Keys = Awaited<ReturnType<typeof takeKeys>>;

export type Claims = Readonly<Record<string, unknown>>;

const time = (at: number) => new Date(at).toISOString();

export function signed(claims: Claims, { privateKey }: Key): Claims {
  const stamped = { ...claims, signature_algorithm: ALGORITHM };
  const signature = sign('sha256', Buffer.from(canonicalJson(stamped)), privateKey).toString('base64');
  return { ...stamped, signature };
}

export const signedLicense = (claims: Claims, key: Key): Claims =>
  signed({ ...claims, key_version: key.keyVersion }, key);

/** Root statement and key list as they are served. */
export function keyDocument({ root, directory }: Keys, listed: readonly Key[], sequence: number, now: number) {
  const entry = ({ keyVersion, kid, pem }: Key) => ({
    ...{ key_version: keyVersion, kid, algorithm: ALGORITHM, state: 'signing', pem },
    ...{ created_at: time(now - 3 * DAY), signs_from: time(now - 2 * DAY) },
  });
  const statement = {
    ...{ kind: 'directory', directory_key: directory.keyVersion, pem: directory.pem, root_version: root.keyVersion },
    ...{ valid_from: time(now - 10 * DAY), valid_until: time(now + 390 * DAY) },
  };
  const list = {
    ...{ kind: 'keys', sequence, issued_at: time(now - 60_000), expires_at: time(now + 30 * DAY) },
    ...{ keys: listed.map(entry), revoked: [] },
  };
  return { root: signed(statement, root), list: signed(list, directory) };
}

/** The hash that tells sessions of one machine apart. */
export const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
