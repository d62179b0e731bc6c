import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { KeyManagementServiceClient } from '@google-cloud/kms';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { createMovableClock } from '#local/clock.ts';
import { createRsaKeys } from '#local/kms/rsa-keys.ts';
import { startKms } from '#local/kms/start.ts';
import { createRecorder } from '#local/recorder.ts';

const ADMIN = 'admin@p.iam.gserviceaccount.com';
const RING = 'projects/p/locations/global/keyRings/r/cryptoKeys';
const KEY_DIRECTORY = resolve(import.meta.dirname, '../../../.local/test/keys');

let folder: string;
beforeAll(async () => {
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  folder = await mkdtemp(join(tmpdir(), 'countersign-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function run<T>(
  act: (client: KeyManagementServiceClient, kms: Awaited<ReturnType<typeof startKms>>) => Promise<T>,
) {
  const kms = await startKms({
    callers: [createCaller(ADMIN, [['*', '*']])],
    clock: createMovableClock(),
    recorder: createRecorder(),
    rsaKeys: createRsaKeys(KEY_DIRECTORY),
    file: join(folder, 'kms.json'),
  });
  const [apiEndpoint = '', port] = kms.address(ADMIN).split(':');
  const client = new KeyManagementServiceClient({
    apiEndpoint,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
  });
  try {
    return await act(client, kms);
  } finally {
    await client.close();
    await kms.close();
  }
}

describe('a file of keys', () => {
  const signing = `${RING}/signing`;
  const sealing = `${RING}/sealing`;

  it('has versions, their states and their material for the next run, which takes none twice', async () => {
    const plaintext = Buffer.from('secret');
    const pemOf = async (client: KeyManagementServiceClient, number: number) =>
      (await client.getPublicKey({ name: `${signing}/cryptoKeyVersions/${number}` }))[0].pem;

    const { ciphertext, pems } = await run(async (client, kms) => {
      expect(kms.has(signing)).toBe(false);
      await kms.createKey({ name: signing, purpose: 'ASYMMETRIC_SIGN', algorithm: 'RSA_SIGN_PKCS1_2048_SHA256' });
      await kms.createKey({ name: sealing, purpose: 'ENCRYPT_DECRYPT', algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' });
      await client.createCryptoKeyVersion({ parent: signing, cryptoKeyVersion: {} });
      await client.createCryptoKeyVersion({ parent: signing, cryptoKeyVersion: {} });
      await client.updateCryptoKeyVersion({
        cryptoKeyVersion: { name: `${signing}/cryptoKeyVersions/2`, state: 'DISABLED' },
        updateMask: { paths: ['state'] },
      });
      await client.destroyCryptoKeyVersion({ name: `${signing}/cryptoKeyVersions/3` });
      const [encrypted] = await client.encrypt({ name: sealing, plaintext });
      return { ciphertext: encrypted.ciphertext, pems: [await pemOf(client, 1)] };
    });
    expect((await stat(join(folder, 'kms.json'))).mode & 0o777).toBe(0o600);

    await run(async (client, kms) => {
      expect(kms.has(signing)).toBe(true);
      const [versions] = await client.listCryptoKeyVersions({ parent: signing });
      expect(versions.map(({ state }) => state)).toEqual(['ENABLED', 'DISABLED', 'DESTROY_SCHEDULED']);
      expect(await pemOf(client, 1)).toBe(pems[0]);
      const [opened] = await client.decrypt({ name: sealing, ciphertext: ciphertext ?? null });
      expect(Buffer.from(opened.plaintext ?? '')).toEqual(plaintext);
      await client.createCryptoKeyVersion({ parent: signing, cryptoKeyVersion: {} });
      expect(await pemOf(client, 4)).not.toBe(pems[0]);
    });
  });
});
