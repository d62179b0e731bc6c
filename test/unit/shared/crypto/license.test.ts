import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type LicenseClaims, type LicenseData, signLicense, verifyLicense } from '#shared/crypto/license.ts';
import type { PublicKey } from '#shared/crypto/public-key.ts';
import { verifySignature } from '#shared/crypto/verify.ts';
import { canonicalJson, NotCanonicalError } from '#shared/license-format/canonical-json.ts';
import { findLocalKey, localKeys } from './local-key.ts';

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0, 250);
const MINUTE = 60_000;
const { first, second } = localKeys;

const claims: LicenseClaims = {
  license_id: 'lic_0123456789ab',
  user_email: null,
  hostname: 'Zoë 😀 \u0000\u007f',
  features: ['export', 'api'],
  limits: { seats: 10, floor: -5, ceiling: 9007199254740991, deep: { er: [true, null] } },
  '\u{1f600}': 1,
  '\uffff': 2,
  expires_at: '2026-03-01T00:00:00.000Z',
  valid_until: '2026-02-03T12:00:00.000Z',
};

const sign = (payload: LicenseClaims = claims, key = first, now = NOW) =>
  signLicense(payload, key.signingKey, key.signer, now);
const verify = (data: unknown, now = NOW) => verifyLicense(data, findLocalKey, now);
const invalid = (reason: string) => ({ valid: false, reason });

/** The same data with the signature made anew over what is in it, whatever that is. */
async function resign(data: LicenseData, change: Record<string, unknown>): Promise<unknown> {
  const { signature: _dropped, ...rest } = data;
  const stamped = { ...rest, ...change };
  const digest = createHash('sha256').update(canonicalJson(stamped)).digest();
  const signature = await first.signer.sign('licenses.1', digest);
  return { ...stamped, signature: Buffer.from(signature).toString('base64') };
}

/** The letter after it, whose lowest bit is set: that bit stands for none of the 512 bytes. */
const next = (letter: string) => String.fromCharCode(letter.charCodeAt(0) + 1);

describe('signLicense', () => {
  it('adds four members and signs the canonical JSON of all but the signature', async () => {
    const data = await sign();
    const { signature, ...signed } = data;
    expect(signed).toEqual({
      ...claims,
      signed_at: '2026-01-31T12:00:00.250Z',
      key_version: 'licenses.1',
      signature_algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
    });
    expect(signature).toMatch(/^[A-Za-z0-9+/]{683}=$/);
    const bytes = Buffer.from(signature, 'base64');
    expect(verifySignature(first.publicKey, Buffer.from(canonicalJson(signed)), bytes)).toBe(true);
  });

  it('refuses a claim without a canonical form before it signs', async () => {
    const failing = { sign: () => Promise.reject(new Error('the signer was asked')) };
    await expect(signLicense({ seats: 1.5 }, first.signingKey, failing, NOW)).rejects.toThrow(NotCanonicalError);
  });
});

describe('verifyLicense', () => {
  it('accepts what was signed, also after a trip through JSON with the members in another order', async () => {
    const data = await sign();
    const { signature: _signature, ...signed } = data;
    const expected = {
      valid: true,
      keyVersion: 'licenses.1',
      claims: signed,
      expiresAt: '2026-03-01T00:00:00.000Z',
      validUntil: '2026-02-03T12:00:00.000Z',
    };
    expect(verify(data)).toEqual(expected);
    const reversed = Object.fromEntries(Object.entries(data).reverse());
    expect(verify(JSON.parse(JSON.stringify(reversed)))).toEqual(expected);
  });

  it('says no times that are not in the data', async () => {
    expect(verify(await sign({ a: 1 }))).toEqual({
      valid: true,
      keyVersion: 'licenses.1',
      claims: expect.objectContaining({ a: 1 }),
    });
  });

  it('breaks when any single member is changed, removed or renamed', async () => {
    const data = await sign();
    const names = Object.keys(data).filter((name) => name !== 'signature');
    expect(names.length).toBe(12);
    for (const name of names) {
      const { [name]: value, ...others } = { ...data };
      const reasons = [
        { ...others, [name]: typeof value === 'number' ? value + 1 : `${value}x` },
        others,
        { ...others, [`${name}x`]: value },
      ].map((changed) => verify(changed));
      for (const verification of reasons) expect(verification.valid, name).toBe(false);
    }
  });

  it('breaks when something is added, at any depth', async () => {
    const data = await sign();
    expect(verify({ ...data, batch: null })).toEqual(invalid('bad_signature'));
    expect(verify({ ...data, limits: { ...Object(data['limits']), more: 1 } })).toEqual(invalid('bad_signature'));
    expect(verify({ ...data, features: ['api', 'export'] })).toEqual(invalid('bad_signature'));
  });

  it('breaks when the key version is that of another published key', async () => {
    expect(verify({ ...(await sign()), key_version: 'licenses.2' })).toEqual(invalid('bad_signature'));
    expect(verify(await sign(claims, second))).toMatchObject({ valid: true, keyVersion: 'licenses.2' });
  });

  it.each([
    ['another key size', 'RSA_SIGN_PKCS1_2048_SHA256'],
    ['another padding', 'RSA_SIGN_PSS_4096_SHA256'],
    ['none', 'none'],
    ['a name that every object has', 'toString'],
    ['nothing', undefined],
    ['a list', ['RSA_SIGN_PKCS1_4096_SHA256']],
  ])('knows no key for an algorithm that is %s', async (_name, algorithm) => {
    expect(verify({ ...(await sign()), signature_algorithm: algorithm })).toEqual(invalid('unknown_key'));
  });

  it('knows no key that is not published, before it looks at anything else', () => {
    const data = {
      key_version: 'licenses.3',
      signature_algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
      signature: '!',
      a: 1.5,
    };
    expect(verify(data)).toEqual(invalid('unknown_key'));
  });

  it.each<[string, (text: string) => unknown]>([
    ['without its padding', (text) => text.replace('=', '')],
    ['with bits that mean nothing set', (text) => text.replace(/.(?==$)/, next)],
    ['with a line break', (text) => `${text.slice(0, 76)}\n${text.slice(76)}`],
    ['with a space at its end', (text) => `${text} `],
    ['missing', () => undefined],
    ['null', () => null],
    ['a list', (text) => [text]],
  ])('calls a signature malformed that is %s', async (_name, spoil) => {
    const data = await sign();
    const spoilt = spoil(data.signature);
    expect(spoilt).not.toBe(data.signature);
    expect(verify({ ...data, signature: spoilt })).toEqual(invalid('malformed'));
  });

  it('calls a signature of another length, or all zeros, bad', async () => {
    const data = await sign();
    const bytes = Buffer.from(data.signature, 'base64');
    for (const other of [
      bytes.subarray(1),
      Buffer.concat([Buffer.alloc(1), bytes]),
      Buffer.alloc(512),
      Buffer.alloc(0),
    ]) {
      expect(verify({ ...data, signature: other.toString('base64') })).toEqual(invalid('bad_signature'));
    }
  });

  it.each([[null], [undefined], ['text'], [1], [[]], [{}], [new Map()]])('calls %o malformed', (data) => {
    expect(verify(data)).toEqual(invalid('malformed'));
  });

  it('calls data malformed that has no canonical form, however deep', async () => {
    const data = await sign();
    expect(verify({ ...data, extra: 1.5 })).toEqual(invalid('malformed'));
    expect(verify({ ...data, extra: JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) })).toEqual(
      invalid('malformed'),
    );
  });

  it('does not look for a key by anything but the version', async () => {
    const data = await sign();
    const asked: string[] = [];
    const find = (name: string): PublicKey | undefined => {
      asked.push(name);
      return undefined;
    };
    expect(verifyLicense({ ...data, kid: first.publicKey.kid }, find, NOW)).toEqual(invalid('unknown_key'));
    expect(asked).toEqual(['licenses.1']);
  });
});

describe('the times of signed data', () => {
  const end = Date.parse('2026-02-03T12:00:00Z');

  it('end at the earlier of the two, to the millisecond', async () => {
    const data = await sign();
    expect(verify(data, end - 1)).toMatchObject({ valid: true });
    expect(verify(data, end)).toEqual(invalid('expired'));
    const later = await sign({ ...claims, valid_until: '2026-04-01T00:00:00Z' });
    expect(verify(later, Date.parse('2026-03-01T00:00:00Z') - 1)).toMatchObject({ valid: true });
    expect(verify(later, Date.parse('2026-03-01T00:00:00Z'))).toEqual(invalid('expired'));
  });

  it('may begin five minutes ahead of the verifier’s clock, no more', async () => {
    const data = await sign();
    expect(verify(data, NOW - 5 * MINUTE)).toMatchObject({ valid: true });
    expect(verify(data, NOW - 5 * MINUTE - 1)).toEqual(invalid('not_yet_valid'));
  });

  it('do not matter when they are null', async () => {
    const data = await sign({ expires_at: null, valid_until: null });
    expect(verify(data, end * 2)).toMatchObject({ valid: true });
  });

  it.each([['soon'], ['2026-02-30'], [1770000000], [true], ['']])(
    'are malformed as %o, though signed',
    async (time) => {
      const data = await sign();
      for (const name of ['expires_at', 'valid_until', 'signed_at']) {
        expect(verify(await resign(data, { [name]: time }))).toEqual(invalid('malformed'));
      }
    },
  );

  it('are judged only when the signature is good', async () => {
    const data = await sign();
    expect(verify({ ...data, valid_until: '2020-01-01' })).toEqual(invalid('bad_signature'));
  });
});
