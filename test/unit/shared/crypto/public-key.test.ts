import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { readPublicKey } from '#shared/crypto/public-key.ts';
import { localKeys } from './local-key.ts';

const ALGORITHM = 'RSA_SIGN_PKCS1_4096_SHA256';
const { first, second } = localKeys;
const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const privatePem = first.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** The same modulus and exponent under the algorithm identifier id-RSASSA-PSS (RFC 4055), since making a key takes seconds. */
function asPss(key: KeyObject): KeyObject {
  const spki = key.export({ type: 'spki', format: 'der' });
  const bits = spki.subarray(4 + 15); // behind the outer header and SEQUENCE { rsaEncryption, NULL }
  const algorithm = Buffer.from('300b06092a864886f70d01010a', 'hex');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(algorithm.length + bits.length);
  const der = Buffer.concat([Buffer.from('3082', 'hex'), length, algorithm, bits]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

function refusalOf(source: Parameters<typeof readPublicKey>[0]): TypeError {
  try {
    readPublicKey(source, ALGORITHM);
  } catch (error) {
    if (error instanceof TypeError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('readPublicKey', () => {
  it('has the thumbprint of RFC 7638, as a JWT library computes it', async () => {
    for (const { publicKey } of [first, second]) {
      expect(publicKey.kid).toBe(await calculateJwkThumbprint({ ...publicKey.jwk }));
      expect(publicKey.kid).toMatch(/^[\w-]{43}$/);
    }
    expect(first.publicKey.kid).not.toBe(second.publicKey.kid);
  });

  it('makes the same key from its PEM and from its JWK', () => {
    const { pem, jwk } = first.publicKey;
    expect(jwk).toEqual({ kty: 'RSA', n: jwk.n, e: 'AQAB', use: 'sig', alg: 'RS256', kid: first.publicKey.kid });
    const read = readPublicKey({ ...jwk }, ALGORITHM);
    expect(read.pem).toBe(pem);
    expect(read.jwk).toEqual(jwk);
    expect(read.key.equals(first.publicKey.key)).toBe(true);
  });

  it('reads no more of a JWK than the modulus and the exponent', () => {
    const { n, e } = first.publicKey.jwk;
    const read = readPublicKey({ kty: 'RSA', n, e, kid: 'mine', alg: 'none', use: 'enc' }, ALGORITHM);
    expect(read.jwk).toEqual(first.publicKey.jwk);
  });

  it('writes the modulus in its shortest form, so that a key has one thumbprint', () => {
    const { n, e } = first.publicKey.jwk;
    const padded = Buffer.concat([Buffer.alloc(1), Buffer.from(n, 'base64url')]).toString('base64url');
    expect(readPublicKey({ kty: 'RSA', n: padded, e: 'AAEAAQ' }, ALGORITHM).jwk).toEqual({ ...first.publicKey.jwk, e });
  });

  it('gives out nothing of a private JWK', () => {
    const jwk = first.privateKey.export({ format: 'jwk' });
    expect(jwk).toHaveProperty('d');
    const read = readPublicKey(jwk, ALGORITHM);
    expect(read.key.type).toBe('public');
    expect(read.jwk).toEqual(first.publicKey.jwk);
    expect(read.pem).toBe(first.publicKey.pem);
  });
});

describe('readPublicKey refuses', () => {
  it.each([
    ['RSA of 2048 bits', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
    [
      'RSA of 4096 bits with the exponent 3',
      () => createPublicKey({ key: { kty: 'RSA', n: first.publicKey.jwk.n, e: 'Aw' }, format: 'jwk' }),
    ],
    ['RSA-PSS of 4096 bits', () => asPss(first.publicKey.key)],
    ['an elliptic curve', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
    ['Ed25519', () => generateKeyPairSync('ed25519').publicKey],
  ])('%s, as PEM', (_name, make) => {
    expect(refusalOf(spki(make())).message).toBe(`not an RSA key of 4096 bits, as ${ALGORITHM} needs`);
  });

  it('JWKs of another kind', () => {
    const { publicKey: small } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { publicKey: curve } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    for (const key of [small, curve]) refusalOf(key.export({ format: 'jwk' }));
    refusalOf({ kty: 'oct', k: 'AAAA' });
    refusalOf({ kty: 'RSA', n: first.publicKey.jwk.n });
    refusalOf({});
  });

  it('a private key, without repeating any of it', () => {
    const pems = [privatePem, first.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()];
    for (const pem of [...pems, `${first.publicKey.pem}${privatePem}`]) {
      const error = refusalOf(pem);
      expect(error.message).toBe('not a public key in SPKI PEM');
      expect(error.cause).toBe(undefined);
    }
  });

  it('other PEM than SPKI, and what is no PEM', () => {
    const pkcs1 = first.publicKey.key.export({ type: 'pkcs1', format: 'pem' }).toString();
    const { pem } = first.publicKey;
    for (const source of [
      pkcs1,
      '',
      'text',
      pem.slice(0, 100),
      pem.replace('MIIC', 'MIID'),
      pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
    ]) {
      refusalOf(source);
    }
  });
});
