import { createCipheriv, randomBytes, webcrypto } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '#shared/crypto/crc32c.ts';
import { type KeyWrapper, open, type RandomFill, seal } from '#shared/crypto/envelope.ts';
import { Fault } from '#shared/model/errors.ts';
import { associatedData, fakeKms, faultOf, IV, keyVersion, unwrapsTo } from './fake-kms.ts';

const HEADER = 4;
const KIB = 1024;

describe('the round trip', () => {
  const { wrapper, unwrapper } = fakeKms();
  const roundTrip = async (plaintext: Uint8Array, data: Uint8Array) => {
    const { blob } = await seal(plaintext, data, wrapper);
    const opened = await open(blob, data, unwrapper);
    expect(opened.equals(plaintext)).toBe(true);
  };

  it.each([0, 1, 15, 16, 17, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB - 1, 128 * KIB, 128 * KIB + 1, 200_000])(
    'gives back %i bytes',
    async (size) => {
      await roundTrip(randomBytes(size), associatedData);
    },
  );

  it('gives back any bytes under any associated data', async () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 0, max: 200_000 }).map((size) => randomBytes(size)),
    );
    await fc.assert(fc.asyncProperty(payload, fc.uint8Array({ maxLength: 100 }), roundTrip), { numRuns: 50 });
  });

  it('gives back 10 MiB', async () => {
    await roundTrip(randomBytes(10 * KIB * KIB), associatedData);
  });

  it('asks the KMS exactly once each way', async () => {
    const kms = fakeKms();
    const { blob } = await seal(randomBytes(300 * KIB), associatedData, kms.wrapper);
    await open(blob, associatedData, kms.unwrapper);
    expect([kms.given.length, kms.returned.length]).toEqual([1, 1]);
  });
});

describe('the format', () => {
  const wrapped = Buffer.from('a wrapped key');
  const wrapper: KeyWrapper = { wrap: async () => ({ wrapped, keyVersion }) };
  /** 00, 01, 02, …: the first call draws the key, the second the IV. */
  const counting = (): RandomFill => {
    let next = 0;
    return (target) => {
      for (let i = 0; i < target.length; i += 1) target[i] = next++;
    };
  };
  const ascending = (from: number, length: number) => Buffer.from(Array.from({ length }, (_, i) => from + i));
  const key = ascending(0, 32);
  const iv = ascending(32, 12);

  it.each([
    ['a short text', Buffer.from('attack at dawn')],
    ['more than one piece', Buffer.alloc(300 * KIB, 'x')],
  ])('is, byte for byte, length ‖ wrapped DEK ‖ IV ‖ ciphertext ‖ tag: %s', async (_name, plaintext) => {
    const sealed = await seal(plaintext, associatedData, wrapper, counting());
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(associatedData);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const expected = Buffer.concat([Buffer.from('0000000d', 'hex'), wrapped, iv, ciphertext, cipher.getAuthTag()]);
    expect(sealed.blob.equals(expected)).toBe(true);
    expect([sealed.crc32c, sealed.keyVersion]).toEqual([crc32c(expected), keyVersion]);
  });

  it('keeps its bytes from version to version', async () => {
    const { blob } = await seal(Buffer.from('attack at dawn'), associatedData, wrapper, counting());
    // Computed with Python's `cryptography` 48.0, AESGCM(key).encrypt(iv, b'attack at dawn', associated_data).
    expect(blob.toString('hex')).toBe(
      [
        '0000000d',
        '612077726170706564206b6579',
        '202122232425262728292a2b',
        'b34ed2110ff33a6f6e5c26afb6765f8f40bde9d6b87a86b438fb903c67c7',
      ].join(''),
    );
  });

  it('wraps the DEK as a serialised AesGcmKey', async () => {
    const kms = fakeKms();
    await seal(Buffer.alloc(1), associatedData, kms.wrapper, counting());
    expect(kms.given.map(({ copy }) => copy.toString('hex'))).toEqual([`1a20${key.toString('hex')}`]);
  });

  it('is opened by another implementation of AES-GCM', async () => {
    const kms = fakeKms();
    const plaintext = randomBytes(150 * KIB);
    const { blob } = await seal(plaintext, associatedData, kms.wrapper);
    const ivAt = HEADER + blob.readInt32BE(0);
    const dek = Buffer.from((await kms.unwrapper.unwrap(blob.subarray(HEADER, ivAt))) ?? []);
    const aes = await webcrypto.subtle.importKey('raw', dek.subarray(2), 'AES-GCM', false, ['decrypt']);
    const parameters = { name: 'AES-GCM', iv: blob.subarray(ivAt, ivAt + IV), additionalData: associatedData };
    const opened = await webcrypto.subtle.decrypt(parameters, aes, blob.subarray(ivAt + IV));
    expect(Buffer.from(opened).equals(plaintext)).toBe(true);
  });

  it('opens what another implementation sealed', async () => {
    const aes = await webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
    const parameters = { name: 'AES-GCM', iv, additionalData: associatedData };
    const sealed = Buffer.from(await webcrypto.subtle.encrypt(parameters, aes, Buffer.from('hello')));
    const blob = Buffer.concat([Buffer.from('00000001ff', 'hex'), iv, sealed]);
    const dek = Buffer.concat([Buffer.from('1a20', 'hex'), key]);
    expect((await open(blob, associatedData, unwrapsTo(dek))).toString()).toBe('hello');
  });
});

describe('failures of the KMS', () => {
  const down = new Fault('dependency_unavailable', 'The key service does not answer.', { retryAfter: 1 });

  it('pass through seal as they are', async () => {
    const fault = await faultOf(seal(Buffer.from('x'), associatedData, { wrap: () => Promise.reject(down) }));
    expect(fault).toBe(down);
  });

  it('pass through open as they are', async () => {
    const { blob } = await seal(Buffer.from('x'), associatedData, fakeKms().wrapper);
    const fault = await faultOf(open(blob, associatedData, { unwrap: () => Promise.reject(down) }));
    expect(fault).toBe(down);
  });

  it.each([0, 4097])('seal refuses a wrapped key of %i bytes', async (length) => {
    const wrapper: KeyWrapper = { wrap: async () => ({ wrapped: Buffer.alloc(length), keyVersion }) };
    expect((await faultOf(seal(Buffer.from('x'), associatedData, wrapper))).code).toBe('internal');
  });

  it('the largest wrapped key that seal accepts, open does too', async () => {
    let dek = Buffer.alloc(0);
    const wrapper: KeyWrapper = {
      async wrap(bytes) {
        dek = Buffer.from(bytes);
        return { wrapped: Buffer.alloc(4096), keyVersion };
      },
    };
    const { blob } = await seal(Buffer.from('x'), associatedData, wrapper);
    expect((await open(blob, associatedData, unwrapsTo(dek))).toString()).toBe('x');
  });
});

describe('keys', () => {
  const isZero = (bytes: Uint8Array | undefined) => bytes?.length === 34 && bytes.every((byte) => byte === 0);

  it('are drawn afresh for every envelope, and so are IVs', async () => {
    const kms = fakeKms();
    const ivs = new Set<string>();
    for (let i = 0; i < 200; i += 1) {
      const { blob } = await seal(Buffer.alloc(0), associatedData, kms.wrapper);
      const ivAt = HEADER + blob.readUInt32BE(0);
      ivs.add(blob.toString('hex', ivAt, ivAt + IV));
    }
    expect(ivs.size).toBe(200);
    expect(new Set(kms.given.map(({ copy }) => copy.toString('hex'))).size).toBe(200);
  });

  it('are wiped when the envelope is sealed', async () => {
    const kms = fakeKms();
    await seal(randomBytes(10), associatedData, kms.wrapper);
    expect(isZero(kms.given[0]?.copy)).toBe(false);
    expect(isZero(kms.given[0]?.original)).toBe(true);
  });

  it('are wiped when the KMS fails, and when the format does not fit', async () => {
    const seen: Uint8Array[] = [];
    const failing = (answer: () => Promise<{ wrapped: Uint8Array; keyVersion: string }>): KeyWrapper => ({
      wrap(dek) {
        seen.push(dek);
        return answer();
      },
    });
    const rejecting = failing(() => Promise.reject(new Fault('dependency_unavailable', 'down')));
    const empty = failing(async () => ({ wrapped: Buffer.alloc(0), keyVersion }));
    await faultOf(seal(randomBytes(10), associatedData, rejecting));
    await faultOf(seal(randomBytes(10), associatedData, empty));
    expect(seen.map(isZero)).toEqual([true, true]);
  });

  it('are wiped when the envelope is opened, and when it is refused', async () => {
    const kms = fakeKms();
    const { blob } = await seal(randomBytes(10), associatedData, kms.wrapper);
    await open(blob, associatedData, kms.unwrapper);
    await faultOf(open(blob, Buffer.from('other'), kms.unwrapper));
    expect(kms.returned.map(isZero)).toEqual([true, true]);
  });

  it('do not leave the memory of the plaintext shared with anything', async () => {
    const kms = fakeKms();
    const { blob } = await seal(Buffer.from('x'), associatedData, kms.wrapper);
    const opened = await open(blob, associatedData, kms.unwrapper);
    expect([opened.byteOffset, opened.buffer.byteLength]).toEqual([0, 1]);
  });
});
