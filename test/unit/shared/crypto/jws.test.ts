import { createHmac } from 'node:crypto';
import { createLocalJWKSet, exportJWK, jwtVerify, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { signLicenseToken, verifyLicenseToken } from '#shared/crypto/jws.ts';
import type { LicenseClaims } from '#shared/crypto/license.ts';
import { findLocalKey, localKeys } from './local-key.ts';

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0, 900);
const { first, second } = localKeys;
const ISSUER = 'https://licenses.example';
const claims: LicenseClaims = {
  license_id: 'lic_0123456789ab',
  hostname: 'Zoë 😀',
  expires_at: '2026-03-01T00:00:00.000Z',
  valid_until: '2026-02-03T12:00:00.500Z',
};

const sign = (payload = claims, key = first) => signLicenseToken(payload, ISSUER, key.signingKey, key.signer, NOW);
const verify = (token: string, now = NOW) => verifyLicenseToken(token, findLocalKey, now);
const invalid = (reason: string) => ({ valid: false, reason });
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
const header = { alg: 'RS256', kid: first.signingKey.kid, typ: 'license+jwt' };

/** A token with this header that is signed as it should be, by whoever holds the first key. */
const genuine = (head: Record<string, unknown>) =>
  new SignJWT({ key_version: 'licenses.1' }).setProtectedHeader({ alg: 'RS256', ...head }).sign(first.privateKey);

describe('signLicenseToken', () => {
  it('signs the claims with the registered ones among them', async () => {
    const [head, payload] = (await sign()).split('.');
    expect(decode(head)).toEqual(header);
    expect(decode(payload)).toEqual({
      ...claims,
      iss: ISSUER,
      iat: Date.parse('2026-01-31T12:00:00Z') / 1000,
      exp: Date.parse('2026-02-03T12:00:00Z') / 1000,
      signed_at: '2026-01-31T12:00:00.900Z',
      key_version: 'licenses.1',
      signature_algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
    });
  });

  it('has no exp when nothing bounds the claims', async () => {
    const [, payload] = (await sign({ a: 1 })).split('.');
    expect(decode(payload)).not.toHaveProperty('exp');
  });

  it('makes a token that a JWT library accepts with the published key set', async () => {
    const keys = createLocalJWKSet({ keys: [{ ...second.publicKey.jwk }, { ...first.publicKey.jwk }] });
    const options = { issuer: ISSUER, typ: 'license+jwt', algorithms: ['RS256'], currentDate: new Date(NOW) };
    const { payload } = await jwtVerify(await sign(), keys, options);
    expect(payload).toMatchObject({ ...claims, key_version: 'licenses.1' });
    const late = { ...options, currentDate: new Date('2026-02-03T12:00:01Z') };
    await expect(jwtVerify(await sign(), keys, late)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  });
});

describe('verifyLicenseToken', () => {
  it('accepts what was signed, until it ends', async () => {
    const token = await sign();
    const end = Date.parse('2026-02-03T12:00:00.500Z');
    expect(verify(token, end - 1)).toEqual({
      valid: true,
      keyVersion: 'licenses.1',
      claims: decode(token.split('.')[1]),
      expiresAt: '2026-03-01T00:00:00.000Z',
      validUntil: '2026-02-03T12:00:00.500Z',
    });
    expect(verify(token, end)).toEqual(invalid('expired'));
    expect(verify(token, NOW - 300_001)).toEqual(invalid('not_yet_valid'));
  });

  it('accepts the header in any order and the second key under its own kid', async () => {
    const token = await genuine({ typ: 'license+jwt', kid: header.kid });
    expect(verify(token)).toMatchObject({ valid: true });
    expect(verify(await sign(claims, second))).toMatchObject({ valid: true, keyVersion: 'licenses.2' });
  });

  it('breaks when any character of the payload or the signature is changed', async () => {
    const token = await sign();
    const [head = '', payload = '', signature = ''] = token.split('.');
    const other = (letter: string | undefined) => (letter === 'A' ? 'Q' : 'A');
    for (let at = 0; at < payload.length; at += 7) {
      const changed = payload.slice(0, at) + other(payload[at]) + payload.slice(at + 1);
      expect(verify(`${head}.${changed}.${signature}`).valid).toBe(false);
    }
    for (let at = 0; at < signature.length; at += 41) {
      const changed = signature.slice(0, at) + other(signature[at]) + signature.slice(at + 1);
      expect(verify(`${head}.${payload}.${changed}`).valid).toBe(false);
    }
  });

  it('refuses alg none, with and without a signature', async () => {
    const [, payload, signature] = (await sign()).split('.');
    const head = encode({ ...header, alg: 'none' });
    expect(verify(`${head}.${payload}.`)).toEqual(invalid('unknown_key'));
    expect(verify(`${head}.${payload}.${signature}`)).toEqual(invalid('unknown_key'));
  });

  it('refuses HS256 with the public key as the secret', async () => {
    const [, payload] = (await sign()).split('.');
    const input = `${encode({ ...header, alg: 'HS256' })}.${payload}`;
    const mac = createHmac('sha256', first.publicKey.pem).update(input).digest('base64url');
    expect(verify(`${input}.${mac}`)).toEqual(invalid('unknown_key'));
  });

  it('refuses every other algorithm of the same key, though genuine', async () => {
    for (const alg of ['RS384', 'RS512', 'PS256']) {
      expect(verify(await genuine({ alg, kid: header.kid, typ: header.typ }))).toEqual(invalid('unknown_key'));
    }
  });

  it('never uses a key that the token brings', async () => {
    const jwk = await exportJWK(second.publicKey.key);
    for (const extra of [{ jwk }, { jku: 'https://keys.example/jwks.json' }, { x5c: ['AAAA'] }, { x5u: 'https://x' }]) {
      const forged = await new SignJWT({ key_version: 'licenses.1' })
        .setProtectedHeader({ ...header, ...extra })
        .sign(second.privateKey);
      expect(verify(forged)).toEqual(invalid('malformed'));
    }
  });

  it('refuses the kid of another key, of none, and of no text', async () => {
    expect(verify(await genuine({ typ: header.typ, kid: second.signingKey.kid }))).toEqual(invalid('bad_signature'));
    expect(verify(await genuine({ typ: header.typ, kid: 'unknown' }))).toEqual(invalid('unknown_key'));
    const [, payload, signature] = (await sign()).split('.');
    expect(verify(`${encode({ ...header, kid: 1 })}.${payload}.${signature}`)).toEqual(invalid('malformed'));
  });

  it('refuses a genuine token of another kind, or with anything else in its header', async () => {
    const kid = header.kid;
    expect(verify(await genuine({ kid }))).toEqual(invalid('malformed'));
    expect(verify(await genuine({ kid, typ: 'JWT' }))).toEqual(invalid('malformed'));
    expect(verify(await genuine({ kid, typ: 'license+JWT' }))).toEqual(invalid('malformed'));
    expect(verify(await genuine({ kid, typ: header.typ, cty: 'JWT' }))).toEqual(invalid('malformed'));
    const [, payload, signature] = (await sign()).split('.');
    const critical = encode({ ...header, crit: ['exp'] });
    expect(verify(`${critical}.${payload}.${signature}`)).toEqual(invalid('malformed'));
  });

  it('refuses another spelling of the same bytes', async () => {
    const token = await sign();
    const [head = '', payload = '', signature = ''] = token.split('.');
    expect(Buffer.from(signature, 'base64url').length).toBe(512);
    const spellings = [
      `${token}==`,
      `${head}=.${payload}.${signature}`,
      `${head}.${payload}\n.${signature}`,
      `${head}.${payload}. ${signature}`,
      `${head}.${payload}.${Buffer.from(signature, 'base64url').toString('base64')}`,
      `${head}.${payload}.${signature.slice(0, -1)}${String.fromCharCode(signature.charCodeAt(682) + 1)}`,
    ];
    for (const spelling of spellings) expect(verify(spelling)).toEqual(invalid('malformed'));
  });

  it.each([
    [''],
    ['.'],
    ['..'],
    ['a.b'],
    ['a.b.c.d'],
    ['....'],
    ['e30.e30.'],
    ['W10.e30.AA'],
    ['e30.bnVsbA.AA'],
    ['%.%.%'],
  ])('calls %o malformed', (token) => {
    expect(verify(token)).toEqual(invalid('malformed'));
  });

  it('refuses a token cut off or with another part', async () => {
    const token = await sign();
    expect(verify(`${token}.`)).toEqual(invalid('malformed'));
    expect(verify(`${token}.${token}`)).toEqual(invalid('malformed'));
    expect(verify(token.slice(0, token.lastIndexOf('.')))).toEqual(invalid('malformed'));
    expect(verify(`${token.slice(0, token.lastIndexOf('.'))}.`)).toEqual(invalid('bad_signature'));
    expect(verify(token.slice(0, -3))).toEqual(invalid('bad_signature'));
  });

  it('calls a payload malformed that is signed but names no key version or has no times', async () => {
    const make = (payload: Record<string, unknown>) =>
      new SignJWT(payload).setProtectedHeader(header).sign(first.privateKey);
    expect(verify(await make({}))).toEqual(invalid('malformed'));
    expect(verify(await make({ key_version: 'licenses.1', valid_until: 'soon' }))).toEqual(invalid('malformed'));
  });
});
