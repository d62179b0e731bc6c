import { createCipheriv, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { open, seal } from '#shared/crypto/envelope.ts';
import { associatedData, fakeKms, faultOf, IV, unwrapsTo } from './fake-kms.ts';

const HEADER = 4;
const MESSAGE = 'The payload was altered, cut short, or sealed under a different task id.';
async function expectInvalid(promise: Promise<unknown>): Promise<void> {
  const { code, message, cause, errors, extra } = await faultOf(promise);
  expect({ code, message, cause, errors, extra }).toEqual({
    code: 'envelope_invalid',
    message: MESSAGE,
    cause: undefined,
    errors: undefined,
    extra: {},
  });
}

describe('what open refuses, always with the same error', () => {
  const kms = fakeKms();
  const plaintext = Buffer.from('API_KEY=hunter2');
  const sealed = seal(plaintext, associatedData, kms.wrapper);
  const opening = (blob: Uint8Array, data: Uint8Array = associatedData) => open(blob, data, kms.unwrapper);

  it('any flipped bit', async () => {
    const { blob } = await sealed;
    for (let bit = 0; bit < blob.length * 8; bit += 1) {
      const damaged = Buffer.from(blob);
      damaged[bit >> 3] = damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7));
      await expectInvalid(opening(damaged));
    }
    expect((await opening(blob)).equals(plaintext)).toBe(true);
  });

  it('any truncation', async () => {
    const { blob } = await sealed;
    for (let length = 0; length < blob.length; length += 1) await expectInvalid(opening(blob.subarray(0, length)));
  });

  it('bytes in front or behind', async () => {
    const { blob } = await sealed;
    for (const extra of [Buffer.alloc(1), Buffer.alloc(16), randomBytes(40)]) {
      await expectInvalid(opening(Buffer.concat([blob, extra])));
      await expectInvalid(opening(Buffer.concat([extra, blob])));
    }
  });

  it.each(['countersign/task-payload/v1:0191', 'countersign/task-payload/v1:019', ''])(
    'the associated data %j',
    async (other) => {
      await expectInvalid(opening((await sealed).blob, Buffer.from(other)));
    },
  );

  it('a wrapped DEK of another envelope', async () => {
    const [one, other] = [(await sealed).blob, (await seal(plaintext, associatedData, kms.wrapper)).blob];
    const end = HEADER + one.readUInt32BE(0);
    expect(other.readUInt32BE(0)).toBe(one.readUInt32BE(0));
    await expectInvalid(opening(Buffer.concat([other.subarray(0, end), one.subarray(end)])));
  });

  it.each([0x00000000, 0x00001001, 0x7fffffff, 0x80000000, 0xffffffff])(
    'a header of %i, without asking the KMS',
    async (length) => {
      const blob = Buffer.alloc(6000);
      blob.writeUInt32BE(length);
      await expectInvalid(open(blob, associatedData, { unwrap: () => expect.unreachable('asked the KMS') }));
    },
  );

  it('a DEK of another shape', async () => {
    const [key, iv] = [randomBytes(32), randomBytes(IV)];
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(associatedData);
    const parts = [Buffer.from('00000001ff', 'hex'), iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
    const blob = Buffer.concat(parts);
    const dek = (prefix: string, bytes: Buffer) => Buffer.concat([Buffer.from(prefix, 'hex'), bytes]);
    const openWith = (bytes: Buffer) => open(blob, associatedData, unwrapsTo(bytes));
    expect((await openWith(dek('1a20', key))).equals(plaintext)).toBe(true);
    const others = [
      Buffer.alloc(0),
      key,
      dek('1a', key),
      dek('1a21', key),
      dek('1220', key),
      dek('1a20', key.subarray(1)),
      dek('1a20', Buffer.concat([key, Buffer.alloc(1)])),
      dek('08011a20', key),
      dek('1a10', key.subarray(16)),
    ];
    for (const other of others) await expectInvalid(openWith(other));
  });

  it('a ciphertext that the KMS does not know', async () => {
    await expectInvalid(open((await sealed).blob, associatedData, { unwrap: async () => undefined }));
    await expectInvalid(open((await sealed).blob, associatedData, fakeKms().unwrapper));
  });

  it('and the error holds no trace of the plaintext', async () => {
    const { blob } = await sealed;
    const damaged = Buffer.from(blob);
    damaged.writeUInt8(damaged.readUInt8(blob.length - 1) ^ 1, blob.length - 1);
    const fault = await faultOf(opening(damaged));
    const text = inspect(fault, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(plaintext.toString('hex').match(/../g)?.join(' ') ?? 'hunter2');
  });
});
