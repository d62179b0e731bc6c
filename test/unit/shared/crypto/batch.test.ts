import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signBatch } from '#shared/crypto/batch.ts';
import type { BatchHead } from '#shared/crypto/batch-head.ts';
import { signLicenseToken, verifyLicenseToken } from '#shared/crypto/jws.ts';
import { type LicenseClaims, signLicense, verifyLicense } from '#shared/crypto/license.ts';
import { createVerifiedHeads, type SignedHead, type VerifiedHeads } from '#shared/crypto/verified-heads.ts';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { findLocalKey, localKeys } from './local-key.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const { first, second } = localKeys;
const VALID_UNTIL = '2026-02-03T12:00:00.000Z';
const SIZE = 7;

const claims = (index: number): LicenseClaims => ({
  license_id: 'lic_0123456789ab',
  hardware_id: `machine ${index} ü`,
  features: ['export'],
  valid_until: VALID_UNTIL,
});
const all = (size: number) => Array.from({ length: size }, (_, index) => claims(index));
const sign = (size = SIZE, key = first, now = NOW) => signBatch(all(size), key.signingKey, key.signer, now);
const verify = (data: unknown, heads?: VerifiedHeads, now = NOW) => verifyLicense(data, findLocalKey, now, heads);
const invalid = (reason: string) => ({ valid: false, reason });
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

interface Proof {
  readonly leaf_index: number;
  readonly tree_size: number;
  readonly audit_path: readonly string[];
  readonly signed_at: string;
}
type Data = Readonly<Record<string, unknown>> & { readonly batch: Proof; readonly signature: string };

/** As it comes to a client: through JSON. */
async function signed(size = SIZE): Promise<readonly Data[]> {
  return JSON.parse(JSON.stringify(await sign(size)));
}
async function one(index = 2): Promise<Data> {
  const data = (await signed())[index];
  if (data === undefined) throw new TypeError('there is no such licence');
  return data;
}

describe('signBatch', () => {
  it('makes one signature, over a head that names root, size, time, key and algorithm', async () => {
    const digests: Uint8Array[] = [];
    const signer = {
      sign: (keyVersion: string, digest: Uint8Array) => {
        digests.push(digest);
        return first.signer.sign(keyVersion, digest);
      },
    };
    const batch = await signBatch(all(3), first.signingKey, signer, NOW);
    const sha256 = (...parts: (string | Buffer)[]) =>
      parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
    const stamps = {
      signed_at: '2026-01-31T12:00:00.000Z',
      key_version: 'licenses.1',
      signature_algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
    };
    const [a, b, c] = all(3).map((license) => sha256('\0', canonicalJson({ ...license, ...stamps })));
    if (!a || !b || !c) throw new TypeError('three leaves');
    const ab = sha256('\x01', a, b);
    const root = sha256('\x01', ab, c).toString('hex');
    const head =
      'countersign/batch/v1\n' +
      `{"key_version":"licenses.1","root":"${root}","signature_algorithm":"RSA_SIGN_PKCS1_4096_SHA256",` +
      '"signed_at":"2026-01-31T12:00:00.000Z","tree_size":3}';
    expect(digests).toEqual([sha256(head)]);
    const signature = base64(await first.signer.sign('licenses.1', sha256(head)));
    const proof = { tree_size: 3, signed_at: stamps.signed_at };
    expect(batch).toEqual([
      {
        ...{ ...claims(0), ...stamps, signature },
        batch: { ...proof, leaf_index: 0, audit_path: [b.toString('hex'), c.toString('hex')] },
      },
      {
        ...{ ...claims(1), ...stamps, signature },
        batch: { ...proof, leaf_index: 1, audit_path: [a.toString('hex'), c.toString('hex')] },
      },
      {
        ...{ ...claims(2), ...stamps, signature },
        batch: { ...proof, leaf_index: 2, audit_path: [ab.toString('hex')] },
      },
    ]);
  });

  it('signs one alone as a plain licence, and nobody not at all', async () => {
    expect(await sign(1)).toEqual([await signLicense(claims(0), first.signingKey, first.signer, NOW)]);
    const failing = { sign: () => Promise.reject(new Error('the signer was asked')) };
    expect(await signBatch([], first.signingKey, failing, NOW)).toEqual([]);
    const endless = { length: 65_537 };
    await expect(signBatch(Array.from(endless, claims), first.signingKey, failing, NOW)).rejects.toThrow(RangeError);
  });
});

describe('verifyLicense, of a batch', () => {
  it.each([2, 3, 4, 5, 8, 9, 33, 256])('accepts every licence of %i, with and without a memory', async (size) => {
    const heads = createVerifiedHeads();
    for (const data of await signed(size)) {
      const { signature: _signature, batch: _batch, ...rest } = data;
      const expected = { valid: true, keyVersion: 'licenses.1', claims: rest, validUntil: VALID_UNTIL };
      expect(verify(data, heads)).toEqual(expected);
      if (size < 10) expect(verify(data)).toEqual(expected);
    }
  });

  it('judges the times', async () => {
    const data = await one();
    expect(verify(data, undefined, Date.parse(VALID_UNTIL))).toEqual(invalid('expired'));
    expect(verify(data, undefined, NOW - 301_000)).toEqual(invalid('not_yet_valid'));
  });

  const other = (digit: string) => (digit === '0' ? '1' : '0');
  const flip = (hash = '') => other(hash[0] ?? '') + hash.slice(1);
  const proof = (change: (batch: Proof) => object) => (data: Data) => ({ ...data, batch: change(data.batch) });
  const path = (change: (audit: readonly string[]) => unknown) =>
    proof((batch) => ({ ...batch, audit_path: change(batch.audit_path) }));
  const ALTERED: readonly [string, (data: Data) => unknown, string][] = [
    ['a member of the leaf', (data) => ({ ...data, hardware_id: 'machine 3 ü' }), 'bad_signature'],
    ['a member more', (data) => ({ ...data, extra: 1 }), 'bad_signature'],
    ['a member less', ({ features: _gone, ...data }) => data, 'bad_signature'],
    ['its valid_until', (data) => ({ ...data, valid_until: '2027-02-03T12:00:00.000Z' }), 'bad_signature'],
    ['its key', (data) => ({ ...data, key_version: 'licenses.2' }), 'bad_signature'],
    ['its time', (data) => ({ ...data, signed_at: '2026-01-31T12:00:00.001Z' }), 'bad_signature'],
    ['the index', proof((batch) => ({ ...batch, leaf_index: 3 })), 'bad_signature'],
    ['the index, of a shorter path', proof((batch) => ({ ...batch, leaf_index: 6 })), 'malformed'],
    ['the index, outside', proof((batch) => ({ ...batch, leaf_index: 7 })), 'malformed'],
    ['the index, below', proof((batch) => ({ ...batch, leaf_index: -1 })), 'malformed'],
    ['the index, between', proof((batch) => ({ ...batch, leaf_index: 2.5 })), 'malformed'],
    ['the index, as text', proof((batch) => ({ ...batch, leaf_index: '2' })), 'malformed'],
    ['the size, with a path of the same length', proof((batch) => ({ ...batch, tree_size: 8 })), 'bad_signature'],
    ['the size', proof((batch) => ({ ...batch, tree_size: 9 })), 'malformed'],
    ['the size, to one', proof((batch) => ({ ...batch, tree_size: 1, leaf_index: 0, audit_path: [] })), 'malformed'],
    ['the size, beyond all', proof((batch) => ({ ...batch, tree_size: 65_537 })), 'malformed'],
    ['the path’s order', path(([a, b, c]) => [b, a, c]), 'bad_signature'],
    ['a hash of the path', path(([a, ...rest]) => [flip(a), ...rest]), 'bad_signature'],
    ['the last hash of the path', path(([a, b, c]) => [a, b, flip(c)]), 'bad_signature'],
    ['the path, shorter', path(([, ...rest]) => rest), 'malformed'],
    ['the path, longer', path((audit) => [...audit, audit[0]]), 'malformed'],
    ['the path, in upper case', path(([a = '', ...rest]) => [a.toUpperCase(), ...rest]), 'malformed'],
    ['the path, with what is no hash', path(([, ...rest]) => ['00', ...rest]), 'malformed'],
    ['the path, with a number', path(([, ...rest]) => [1, ...rest]), 'malformed'],
    ['the path, as text', path((audit) => audit.join('')), 'malformed'],
    ['the head’s time', proof((batch) => ({ ...batch, signed_at: '2026-01-31T12:00:00.001Z' })), 'bad_signature'],
    [
      'the head’s time, in another form',
      proof((batch) => ({ ...batch, signed_at: '2026-01-31T12:00:00Z' })),
      'malformed',
    ],
    ['a member of the proof more', proof((batch) => ({ ...batch, root: '0' })), 'malformed'],
    ['a member of the proof less', proof(({ signed_at: _gone, ...batch }) => batch), 'malformed'],
    ['the proof, as a list', (data) => ({ ...data, batch: [data.batch] }), 'bad_signature'],
    ['the proof, away', ({ batch: _gone, ...data }) => data, 'bad_signature'],
    ['the signature', (data) => ({ ...data, signature: `${flip(data.signature)}` }), 'bad_signature'],
    [
      'the signature, without its padding',
      (data) => ({ ...data, signature: data.signature.slice(0, -1) }),
      'malformed',
    ],
    ['the algorithm', (data) => ({ ...data, signature_algorithm: 'none' }), 'unknown_key'],
  ];
  it.each(ALTERED)('refuses a change of %s, also when the batch is known', async (_what, alter, reason) => {
    const data = await one();
    const heads = createVerifiedHeads();
    expect(data.batch.leaf_index).toBe(2);
    expect(verify(data, heads)).toMatchObject({ valid: true });
    expect(verify(alter(data))).toEqual(invalid(reason));
    expect(verify(alter(data), heads)).toEqual(invalid(reason));
    expect(verify(data, heads)).toMatchObject({ valid: true });
  });

  it('takes nothing from the batch of another key, nor a leaf of another batch', async () => {
    const [mine, theirs] = [await one(), JSON.parse(JSON.stringify(await sign(SIZE, second)))[2]];
    expect(verify(theirs)).toMatchObject({ valid: true, keyVersion: 'licenses.2' });
    expect(verify({ ...mine, signature: theirs.signature })).toEqual(invalid('bad_signature'));
    expect(verify({ ...mine, batch: theirs.batch })).toEqual(invalid('bad_signature'));
    expect(verify({ ...theirs, key_version: mine['key_version'] })).toEqual(invalid('bad_signature'));
  });

  it('knows no key that is no longer published, however often it was seen', async () => {
    const data = await one();
    const heads = createVerifiedHeads();
    expect(verify(data, heads)).toMatchObject({ valid: true });
    expect(verifyLicense(data, () => undefined, NOW, heads)).toEqual(invalid('unknown_key'));
  });
});

describe('one kind of signature', () => {
  /** The head that a licence of a batch leads to, as if its members were a licence's. */
  function headOf(data: Data): BatchHead {
    const met: SignedHead[] = [];
    verify(data, { ...createVerifiedHeads(), add: (head) => met.push(head) });
    const [found] = met;
    if (found === undefined) throw new TypeError('the batch is not valid');
    const { kid: _kid, signature: _signature, ...head } = found;
    return head;
  }

  it('over a head does not pass for one over a licence or a token', async () => {
    const data = await one();
    const head = headOf(data);
    expect(Object.keys(head).sort()).toEqual(['key_version', 'root', 'signature_algorithm', 'signed_at', 'tree_size']);
    expect(verify({ ...head, signature: data.signature })).toEqual(invalid('bad_signature'));
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const header = encode({ alg: 'RS256', kid: first.publicKey.kid, typ: 'license+jwt' });
    const token = `${header}.${encode(head)}.${Buffer.from(data.signature, 'base64').toString('base64url')}`;
    expect(verifyLicenseToken(token, findLocalKey, NOW)).toEqual(invalid('bad_signature'));
  });

  it('over a licence does not pass for one over a head, whose members the licence has', async () => {
    const data = await one();
    const head = headOf(data);
    const { root, tree_size } = head;
    const direct = await signLicense({ root, tree_size }, first.signingKey, first.signer, NOW);
    const { signature: _signature, ...members } = direct;
    expect(members).toEqual(head);
    expect(verify(direct)).toMatchObject({ valid: true });
    expect(verify({ ...data, signature: direct.signature })).toEqual(invalid('bad_signature'));
    expect(verify({ ...direct, batch: data.batch })).toEqual(invalid('bad_signature'));
  });

  it('over a token passes for nothing else', async () => {
    const data = await one();
    const token = await signLicenseToken(claims(2), 'issuer', first.signingKey, first.signer, NOW);
    const signature = base64(Buffer.from(token.split('.')[2] ?? '', 'base64url'));
    expect(verify({ ...data, signature })).toEqual(invalid('bad_signature'));
  });
});

describe('createVerifiedHeads', () => {
  /** Counts the verifications of RSA by how often the key is taken. */
  const counting = () => {
    let verified = 0;
    const key = new Proxy(first.publicKey, {
      get: (target, name) => {
        if (name === 'key') verified += 1;
        return Reflect.get(target, name);
      },
    });
    return { find: () => key, verified: () => verified };
  };

  it('needs one verification for all of a batch', async () => {
    const { find, verified } = counting();
    const heads = createVerifiedHeads();
    for (const data of await signed(33)) expect(verifyLicense(data, find, NOW, heads).valid).toBe(true);
    expect(verified()).toBe(1);
  });

  it('is bounded: forgets the head that it used least lately', async () => {
    const { find, verified } = counting();
    const heads = createVerifiedHeads(2 * 1_300);
    const [a, b, c] = await Promise.all([1, 2, 3].map((at) => sign(2, first, NOW - at)));
    for (const batch of [a, b, c, c, b]) expect(verifyLicense(batch?.[0], find, NOW, heads).valid).toBe(true);
    expect(verified()).toBe(3);
    expect(verifyLicense(a?.[1], find, NOW, heads).valid).toBe(true);
    expect(verified()).toBe(4);
  });

  it('is told of no head with a bad signature', async () => {
    const data = await one();
    const added: unknown[] = [];
    const heads: VerifiedHeads = { ...createVerifiedHeads(), add: (head) => added.push(head) };
    expect(verify({ ...data, hardware_id: 'another' }, heads)).toEqual(invalid('bad_signature'));
    expect(added).toEqual([]);
    expect(verify(data, heads)).toMatchObject({ valid: true });
    expect(added).toHaveLength(1);
  });
});
