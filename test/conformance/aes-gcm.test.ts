import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type AeadParameters, aesGcmOpen, aesGcmSeal, IV_BYTES, KEY_BYTES, TAG_BYTES } from '#shared/crypto/aead.ts';

const hex = z.hex().transform((text) => Buffer.from(text, 'hex'));
const vectors = z.object({
  algorithm: z.literal('AES-GCM'),
  numberOfTests: z.int().positive(),
  testGroups: z.array(
    z.object({
      keySize: z.int(),
      ivSize: z.int(),
      tagSize: z.int(),
      tests: z.array(
        z.object({
          tcId: z.int(),
          comment: z.string(),
          key: hex,
          iv: hex,
          aad: hex,
          msg: hex,
          ct: hex,
          tag: hex,
          result: z.enum(['valid', 'invalid', 'acceptable']),
        }),
      ),
    }),
  ),
});
type Vector = z.infer<typeof vectors>['testGroups'][number]['tests'][number];

const parametersOf = ({ key, iv, aad }: Vector): AeadParameters => ({ key, iv, associatedData: aad });
const joined = ({ ct, tag }: Vector) => Buffer.concat([ct, tag]);

function sealVector(vector: Vector): Buffer {
  const target = Buffer.alloc(vector.msg.length + TAG_BYTES);
  aesGcmSeal(target, parametersOf(vector), vector.msg);
  return target;
}

function accepts(vector: Vector): void {
  expect(sealVector(vector).toString('hex')).toBe(joined(vector).toString('hex'));
  expect(aesGcmOpen(parametersOf(vector), joined(vector))?.toString('hex')).toBe(vector.msg.toString('hex'));
}

/** An invalid ciphertext of sizes that are used here: it must not open, and sealing must not produce it. */
function refuses(vector: Vector): void {
  expect(aesGcmOpen(parametersOf(vector), joined(vector))).toBe(undefined);
  expect(sealVector(vector).equals(joined(vector))).toBe(false);
}

/** Whatever the vector says of it, a key or IV of another size is never used. */
function refusesSizes(vector: Vector): void {
  expect(() => sealVector(vector)).toThrow(TypeError);
  expect(() => aesGcmOpen(parametersOf(vector), joined(vector))).toThrow(TypeError);
}

function runFile(title: string, path: string): void {
  const file = vectors.parse(JSON.parse(readFileSync(path, 'utf8')));
  const tests = file.testGroups.flatMap((group) => group.tests);

  describe(title, () => {
    it('has as many cases as the file says, and some that use our sizes', () => {
      expect(tests.length).toBe(file.numberOfTests);
      expect(tests.some(({ key, iv }) => key.length === KEY_BYTES && iv.length === IV_BYTES)).toBe(true);
    });

    for (const group of file.testGroups) {
      const ours = group.keySize === KEY_BYTES * 8 && group.ivSize === IV_BYTES * 8 && group.tagSize === TAG_BYTES * 8;
      describe(`key ${group.keySize}, IV ${group.ivSize}, tag ${group.tagSize}${ours ? '' : ': not used here'}`, () => {
        for (const vector of group.tests) {
          const name = `${vector.tcId} ${vector.comment} (${vector.result})`;
          if (!ours) it(name, () => refusesSizes(vector));
          else if (vector.result === 'valid') it(name, () => accepts(vector));
          else it(name, () => refuses(vector));
        }
      });
    }
  });
}

runFile('AES-GCM, our vectors', resolve(import.meta.dirname, '../vectors/aes-gcm.json'));

const folder = process.env['WYCHEPROOF_DIR'];
if (folder !== undefined && folder !== '') runFile('AES-GCM, Wycheproof', join(folder, 'aes_gcm_test.json'));
else
  describe.skip('AES-GCM, Wycheproof: set WYCHEPROOF_DIR to testvectors_v1 of github.com/C2SP/wycheproof', () => {
    it('aes_gcm_test.json', () => expect.unreachable());
  });
