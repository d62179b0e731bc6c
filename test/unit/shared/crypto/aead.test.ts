import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { aesGcmOpen, aesGcmSeal, TAG_BYTES } from '#shared/crypto/aead.ts';

const parameters = { key: randomBytes(32), iv: randomBytes(12), associatedData: Buffer.from('context') };

function sealed(plaintext: Uint8Array): Buffer {
  const target = Buffer.alloc(plaintext.length + TAG_BYTES);
  aesGcmSeal(target, parameters, plaintext);
  return target;
}

describe('AES-256-GCM', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([16, 24, 31, 33])('takes no key of %i bytes', (length) => {
    const other = { ...parameters, key: Buffer.alloc(length) };
    expect(() => aesGcmSeal(Buffer.alloc(TAG_BYTES), other, Buffer.alloc(0))).toThrow(TypeError);
    expect(() => aesGcmOpen(other, Buffer.alloc(TAG_BYTES))).toThrow(TypeError);
  });

  it.each([0, 8, 11, 13, 16])('takes no IV of %i bytes', (length) => {
    const other = { ...parameters, iv: Buffer.alloc(length) };
    expect(() => aesGcmSeal(Buffer.alloc(TAG_BYTES), other, Buffer.alloc(0))).toThrow(TypeError);
    expect(() => aesGcmOpen(other, Buffer.alloc(TAG_BYTES))).toThrow(TypeError);
  });

  it.each([0, TAG_BYTES - 1, TAG_BYTES + 1])('writes into no target of %i bytes for an empty plaintext', (length) => {
    expect(() => aesGcmSeal(Buffer.alloc(length), parameters, Buffer.alloc(0))).toThrow(TypeError);
  });

  it.each([0, 1, TAG_BYTES - 1])('opens nothing of %i bytes, which is less than a tag', (length) => {
    expect(aesGcmOpen(parameters, sealed(Buffer.alloc(0)).subarray(0, length))).toBe(undefined);
  });

  it('writes into its part of a larger buffer alone', () => {
    const whole = Buffer.alloc(3 + TAG_BYTES + 2, 0x55);
    aesGcmSeal(whole.subarray(1, -1), parameters, Buffer.from('abc'));
    expect([whole.at(0), whole.at(-1)]).toEqual([0x55, 0x55]);
    expect(aesGcmOpen(parameters, whole.subarray(1, -1))?.toString()).toBe('abc');
  });

  it('wipes every copy of what it had decrypted when the tag turns out wrong', () => {
    const forged = sealed(Buffer.alloc(300_000, 'secret'));
    forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
    const allocate = Buffer.allocUnsafeSlow;
    const copies: Buffer[] = [];
    vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((size) => {
      const whole = allocate(size);
      const set = whole.set.bind(whole);
      whole.set = (piece, offset) => {
        if (Buffer.isBuffer(piece)) copies.push(piece);
        set(piece, offset);
      };
      copies.push(whole);
      return whole;
    });
    expect(aesGcmOpen(parameters, forged)).toBe(undefined);
    expect(copies.map(({ length }) => length)).toEqual([300_000, 131_072, 131_072, 37_856]);
    expect(copies.map((copy) => copy.every((byte) => byte === 0))).toEqual([true, true, true, true]);
  });
});
