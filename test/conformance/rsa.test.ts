import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readPublicKey } from '#shared/crypto/public-key.ts';
import { verifySignature } from '#shared/crypto/verify.ts';

const ALGORITHM = 'RSA_SIGN_PKCS1_4096_SHA256';
const hex = z.hex().transform((text) => Buffer.from(text, 'hex'));
const vectors = z.object({
  algorithm: z.literal('RSASSA-PKCS1-v1_5'),
  numberOfTests: z.int().positive(),
  testGroups: z.array(
    z.object({
      keySize: z.int(),
      sha: z.string(),
      publicKeyPem: z.string(),
      publicKey: z.object({ modulus: hex, publicExponent: hex }),
      /** Groups whose key has no JWK form with an algorithm of its own lack it. */
      keyJwk: z.object({ kty: z.literal('RSA'), n: z.string(), e: z.string() }).optional(),
      tests: z.array(
        z.object({
          tcId: z.int(),
          comment: z.string(),
          msg: hex,
          sig: hex,
          result: z.enum(['valid', 'invalid', 'acceptable']),
        }),
      ),
    }),
  ),
});
type Group = z.infer<typeof vectors>['testGroups'][number];

/** The group's key in both forms that are read in earnest. */
const sourcesOf = ({ publicKeyPem, keyJwk, publicKey }: Group) =>
  [
    ['PEM', publicKeyPem],
    ['JWK', keyJwk ?? { kty: 'RSA', n: base64url(publicKey.modulus), e: base64url(publicKey.publicExponent) }],
  ] as const;

const base64url = (bytes: Buffer) => bytes.toString('base64url');

const isOurs = ({ keySize, sha, publicKey }: Group) =>
  keySize === 4096 && sha === 'SHA-256' && BigInt(`0x${publicKey.publicExponent.toString('hex')}`) === 65537n;

function runFile(title: string, path: string): void {
  const file = vectors.parse(JSON.parse(readFileSync(path, 'utf8')));

  describe(title, () => {
    it('has as many cases as the file says, and some for keys of our kind', () => {
      expect(file.testGroups.flatMap(({ tests }) => tests).length).toBe(file.numberOfTests);
      expect(file.testGroups.filter(isOurs).flatMap(({ tests }) => tests).length).toBeGreaterThan(0);
    });

    for (const [index, group] of file.testGroups.entries()) {
      for (const [form, source] of sourcesOf(group)) {
        describe(`group ${index}, ${group.keySize} bits, ${group.sha}, key from ${form}`, () => {
          if (!isOurs(group)) {
            it('is not a key for us, whatever its cases say', () => {
              expect(() => readPublicKey(source, ALGORITHM)).toThrow(TypeError);
            });
            return;
          }
          const key = readPublicKey(source, ALGORITHM);
          for (const { tcId, comment, msg, sig, result } of group.tests) {
            // "acceptable" is for the lenient, who take a DigestInfo without its NULL.
            it(`${tcId} ${comment} (${result})`, () => {
              expect(verifySignature(key, msg, sig)).toBe(result === 'valid');
            });
          }
        });
      }
    }
  });
}

runFile('RSA, our vectors', resolve(import.meta.dirname, '../vectors/rsa-signatures.json'));

const folder = process.env['WYCHEPROOF_DIR'];
if (folder !== undefined && folder !== '')
  runFile('RSA, Wycheproof', join(folder, 'rsa_signature_4096_sha256_test.json'));
else
  describe.skip('RSA, Wycheproof: set WYCHEPROOF_DIR to testvectors_v1 of github.com/C2SP/wycheproof', () => {
    it('rsa_signature_4096_sha256_test.json', () => expect.unreachable());
  });
