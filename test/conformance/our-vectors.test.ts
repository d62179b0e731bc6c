import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';

/** Our vectors, judged by programs that share nothing with the code under test. */
const FOLDER = resolve(import.meta.dirname, '../vectors');
const read = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-vectors-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Signed {
  readonly message: Uint8Array | string;
  readonly signature: Uint8Array;
}

/** What `openssl dgst -verify` says of each. */
function openssl(pem: string, signed: readonly Signed[]): boolean[] {
  writeFileSync(join(folder, 'key.pem'), pem);
  const lines = signed.map(({ message, signature }, index) => {
    writeFileSync(join(folder, `${index}.txt`), message);
    writeFileSync(join(folder, `${index}.sig`), signature);
    return `openssl dgst -sha256 -verify key.pem -signature ${index}.sig ${index}.txt >/dev/null 2>&1 && echo yes || echo no`;
  });
  const { stdout } = spawnSync('sh', ['-c', lines.join('\n')], { cwd: folder, encoding: 'utf8' });
  return stdout
    .trim()
    .split('\n')
    .map((line) => line === 'yes');
}

test('python3, with nothing but its own library, comes to every verdict', () => {
  const output = execFileSync('python3', ['-B', join(FOLDER, 'reference')], { encoding: 'utf8' });
  expect(JSON.parse(output)).toEqual({ count: 152, faults: [] });
});

test('openssl verifies exactly the valid RSA signatures', () => {
  const bytes = z.hex().transform((text) => Buffer.from(text, 'hex'));
  const { testGroups } = z
    .object({
      testGroups: z.array(
        z.object({
          keySize: z.int(),
          publicKeyPem: z.string(),
          tests: z.array(z.object({ tcId: z.int(), msg: bytes, sig: bytes, result: z.string() })),
        }),
      ),
    })
    .parse(read('rsa-signatures.json'));
  for (const { keySize, publicKeyPem, tests: all } of testGroups) {
    // openssl reads no more of the file than one signature's length, so it cannot see what is behind.
    const tests = all.filter(({ sig }) => sig.length <= keySize / 8);
    const verdicts = openssl(
      publicKeyPem,
      tests.map(({ msg, sig }) => ({ message: msg, signature: sig })),
    );
    expect(tests.filter((_, index) => verdicts[index]).map(({ tcId }) => tcId)).toEqual(
      tests.filter(({ result }) => result === 'valid').map(({ tcId }) => tcId),
    );
  }
});

test('openssl verifies every signed URL', () => {
  const { publicKeyPem, signingV4Tests } = z
    .object({
      publicKeyPem: z.string(),
      signingV4Tests: z.array(z.object({ expectedUrl: z.string(), expectedStringToSign: z.string() })).nonempty(),
    })
    .parse(read('v4-signatures.json'));
  const verdicts = openssl(
    publicKeyPem,
    signingV4Tests.map(({ expectedUrl, expectedStringToSign }) => ({
      message: expectedStringToSign,
      signature: Buffer.from(expectedUrl.slice(expectedUrl.lastIndexOf('=') + 1), 'hex'),
    })),
  );
  expect(verdicts).toEqual(signingV4Tests.map(() => true));
});
