import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { verifyLicenseToken } from '#shared/crypto/jws.ts';
import { verifyLicense as verifyOnServer } from '#shared/crypto/license.ts';
import { readPublicKey } from '#shared/crypto/public-key.ts';
import { pinnedKeys, verifyLicense } from '../../client/src/index.ts';

const FOLDER = resolve(import.meta.dirname, '../vectors');
const { keys, vectors } = z
  .object({
    keys: z.array(z.looseObject({ key_version: z.string(), kid: z.string(), pem: z.string() })),
    vectors: z.array(
      z.object({
        name: z.string(),
        license: z.string(),
        now: z.string(),
        hardware_id: z.string().optional(),
        features: z.array(z.string()).optional(),
        signed_text: z.string().optional(),
        signature: z.string().optional(),
        key_version: z.string().optional(),
        expected: z.string(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(FOLDER, 'licenses.json'), 'utf8')));

test('the vectors are all there, and each has a name of its own', () => {
  expect(vectors).toHaveLength(85);
  expect(new Set(vectors.map(({ name }) => name)).size).toBe(85);
  expect(vectors.filter(({ expected }) => expected === 'valid')).toHaveLength(21);
});

describe('the client', () => {
  const source = pinnedKeys(keys);
  test.each(vectors)('$name: $expected', async ({ license, now, hardware_id, features, expected }) => {
    const check = await verifyLicense(license, source, {
      now: Date.parse(now),
      ...(hardware_id === undefined ? {} : { hardwareId: hardware_id }),
      ...(features === undefined ? {} : { features }),
    });
    expect(check.valid ? 'valid' : check.reason).toBe(expected);
  });
});

describe('the server, for the forms and reasons that it knows', () => {
  const published = keys.map((key) => ({
    ...key,
    publicKey: readPublicKey(key.pem, 'RSA_SIGN_PKCS1_4096_SHA256'),
  }));
  const REASONS: Readonly<Record<string, string>> = {
    stale: 'expired',
    unsigned: 'malformed',
    wrong_hardware: 'valid',
    missing_feature: 'valid',
  };
  // The server refuses inexact numbers and broken JSON while it reads the request, before these functions.
  const ours = vectors.filter(
    ({ name, license }) => !/float|round|exponent|cut off/.test(name) && !license.startsWith('['),
  );
  test.each(ours)('$name', ({ license, now, expected }) => {
    const find = (member: 'key_version' | 'kid') => (name: string) =>
      published.find((key) => key[member] === name)?.publicKey;
    const result = license.startsWith('{')
      ? verifyOnServer(JSON.parse(license), find('key_version'), Date.parse(now))
      : verifyLicenseToken(license, find('kid'), Date.parse(now));
    expect(result.valid ? 'valid' : result.reason).toBe(REASONS[expected] ?? expected);
  });
});

test('python3, with nothing but its own library, says the same of every vector', () => {
  const output = execFileSync('python3', [join(FOLDER, 'check.py')], { encoding: 'utf8' });
  expect(JSON.parse(output)).toMatchObject(Object.fromEntries(vectors.map(({ name, expected }) => [name, expected])));
});

test('openssl verifies what was signed, and nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-vectors-'));
  const signed = vectors.filter(({ signed_text }) => signed_text !== undefined);
  expect(signed).toHaveLength(18);
  for (const { key_version, pem } of keys) writeFileSync(join(folder, `${key_version}.pem`), pem);
  const lines = signed.flatMap(({ signed_text = '', signature = '', key_version }, index) => {
    writeFileSync(join(folder, `${index}.txt`), signed_text);
    writeFileSync(join(folder, `${index}.changed`), `${signed_text} `);
    writeFileSync(join(folder, `${index}.sig`), Buffer.from(signature, 'base64'));
    return ['txt', 'changed'].map(
      (kind) => `openssl dgst -sha256 -verify ${key_version}.pem -signature ${index}.sig ${index}.${kind} 2>/dev/null`,
    );
  });
  const { stdout } = spawnSync('sh', ['-c', lines.join('\n')], { cwd: folder, encoding: 'utf8' });
  expect(stdout).toBe('Verified OK\nVerification failure\n'.repeat(signed.length));
});
