import { KeyManagementServiceClient } from '@google-cloud/kms';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { createMovableClock } from '#local/clock.ts';
import { createRsaKeys } from '#local/kms/rsa-keys.ts';
import { type Kms, startKms } from '#local/kms/start.ts';
import { createRecorder } from '#local/recorder.ts';
import { open, seal } from '#shared/crypto/envelope.ts';
import { endpointOptions } from '#shared/gcp/grpc.ts';
import { createKmsUnwrapper, createKmsWrapper } from '#shared/gcp/kms-envelope.ts';
import { taskAssociatedData } from '#shared/model/task.ts';

process.env['METADATA_SERVER_DETECTION'] = 'none';

const KEY = 'projects/p/locations/global/keyRings/r/cryptoKeys/payloads';
const recorder = createRecorder();
const sealer = createCaller('sealer@p.test', [['cloudkms.cryptoKeyVersions.useToEncrypt', KEY]]);
const worker = createCaller('worker@p.test', [['cloudkms.cryptoKeyVersions.useToDecrypt', KEY]]);
const clients: KeyManagementServiceClient[] = [];
let kms: Kms;

beforeAll(async () => {
  const callers = [sealer, worker];
  // No RSA key is made here, so none is kept.
  kms = await startKms({ callers, clock: createMovableClock(), recorder, rsaKeys: createRsaKeys('/nonexistent') });
  await kms.createKey({ name: KEY, purpose: 'ENCRYPT_DECRYPT', algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' });
});
afterEach(() => {
  recorder.forgetFaults();
  recorder.forgetCalls();
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await kms.close();
});

function clientAs({ email }: { email: string }): KeyManagementServiceClient {
  const client = new KeyManagementServiceClient(endpointOptions(kms.address(email)));
  clients.push(client);
  return client;
}
const wrapper = (caller = sealer) => createKmsWrapper(clientAs(caller), KEY);
const unwrapper = (caller = worker) => createKmsUnwrapper(clientAs(caller), KEY);
const DEK = Buffer.from('a data encryption key of 34 bytes.');
const UNAVAILABLE = { code: 'dependency_unavailable' };

describe('wrapping', () => {
  it('gives what unwraps, and the name of the version', async () => {
    const { wrapped, keyVersion } = await wrapper().wrap(DEK);
    expect(keyVersion).toBe(`${KEY}/cryptoKeyVersions/1`);
    expect(Buffer.from(wrapped).includes(DEK)).toBe(false);
    expect(await unwrapper().unwrap(wrapped)).toEqual(DEK);
    expect(recorder.calls()).toEqual({ 'kms.Decrypt': 1, 'kms.Encrypt': 1 });
  });

  it('goes with no associated data, as Tink has it', async () => {
    const { wrapped } = await wrapper().wrap(DEK);
    const [{ plaintext }] = await clientAs(worker).decrypt({ name: KEY, ciphertext: wrapped });
    expect(plaintext).toEqual(DEK);
  });

  it.each(['CORRUPT', 'UNAVAILABLE'])('is tried again after %s, a bounded number of times', async (code) => {
    recorder.inject({ service: 'kms', method: 'Encrypt', code, times: 3 });
    expect((await wrapper().wrap(DEK)).keyVersion).toBe(`${KEY}/cryptoKeyVersions/1`);
    recorder.forgetCalls();
    recorder.inject({ service: 'kms', method: 'Encrypt', code });
    await expect(wrapper().wrap(DEK)).rejects.toMatchObject(UNAVAILABLE);
    expect(recorder.calls()).toEqual({ 'kms.Encrypt': 4 });
  });

  it('is not for the worker', async () => {
    await expect(wrapper(worker).wrap(DEK)).rejects.toMatchObject(UNAVAILABLE);
  });
});

describe('unwrapping', () => {
  it.each(['CORRUPT', 'UNAVAILABLE'])('is tried again after %s, a bounded number of times', async (code) => {
    const { wrapped } = await wrapper().wrap(DEK);
    recorder.forgetCalls();
    recorder.inject({ service: 'kms', method: 'Decrypt', code });
    await expect(unwrapper().unwrap(wrapped)).rejects.toMatchObject(UNAVAILABLE);
    expect(recorder.calls()).toEqual({ 'kms.Decrypt': 4 });
  });

  it('knows what is none of its ciphertexts, and asks once', async () => {
    expect(await unwrapper().unwrap(Buffer.alloc(80))).toBeUndefined();
    expect(recorder.calls()).toEqual({ 'kms.Decrypt': 1 });
  });

  it('is not for the sealer', async () => {
    const { wrapped } = await wrapper().wrap(DEK);
    await expect(unwrapper(sealer).unwrap(wrapped)).rejects.toMatchObject(UNAVAILABLE);
  });
});

describe('a checksum that does not fit', () => {
  const intact = { verifiedPlaintextCrc32c: true, verifiedAdditionalAuthenticatedDataCrc32c: true };
  const answer = {
    ...intact,
    name: `${KEY}/cryptoKeyVersions/1`,
    ciphertext: Buffer.from('123456789'),
    ciphertextCrc32c: { value: 0xe3069283 },
  };

  it.each([
    ['plaintext not verified', { verifiedPlaintextCrc32c: false }],
    ['associated data not verified', { verifiedAdditionalAuthenticatedDataCrc32c: false }],
    ['ciphertext', { ciphertextCrc32c: { value: 1 } }],
    ['no checksum', { ciphertextCrc32c: null }],
    ['the version of another key', { name: `${KEY}2/cryptoKeyVersions/1` }],
  ])('%s: never accepted', async (_, damage) => {
    const encrypt = async () => [{ ...answer, ...damage }];
    const stub: Pick<KeyManagementServiceClient, 'encrypt'> = Object.assign(Object.create(null), { encrypt });
    await expect(createKmsWrapper(stub, KEY).wrap(DEK)).rejects.toMatchObject(UNAVAILABLE);
    const good: typeof stub = Object.assign(Object.create(null), { encrypt: async () => [answer] });
    expect((await createKmsWrapper(good, KEY).wrap(DEK)).wrapped).toEqual(answer.ciphertext);
  });
});

it('seals and opens with one call each', async () => {
  const aad = taskAssociatedData('00000000-0000-4000-8000-000000000000');
  const { blob } = await seal(Buffer.from('secret'), aad, wrapper());
  expect((await open(blob, aad, unwrapper())).toString()).toBe('secret');
  expect(recorder.calls()).toEqual({ 'kms.Decrypt': 1, 'kms.Encrypt': 1 });
});
