import { createHash, createPublicKey, verify } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KeyManagementServiceClient } from '@google-cloud/kms';
import { credentials } from '@grpc/grpc-js';
import { crc32c } from '@node-rs/crc32';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { createMovableClock } from '#local/clock.ts';
import { createRsaKeys } from '#local/kms/rsa-keys.ts';
import { type Kms, startKms } from '#local/kms/start.ts';
import { createRecorder } from '#local/recorder.ts';

const KEY_DIRECTORY = fileURLToPath(new URL('../../../.local/test-keys', import.meta.url));
const RING = 'projects/p/locations/global/keyRings/r/cryptoKeys';
const SIGNING = `${RING}/licences`;
const SIGNING_1 = `${SIGNING}/cryptoKeyVersions/1`;
const WRAPPING = `${RING}/payloads`;
const DAY = 86_400;
const [ADMIN, SIGNER, SEALER] = ['admin@p.test', 'signer@p.test', 'sealer@p.test'];

const recorder = createRecorder();
const clock = createMovableClock();
const clients: KeyManagementServiceClient[] = [];
let kms: Kms;
let admin: KeyManagementServiceClient;
let signer: KeyManagementServiceClient;
let sealer: KeyManagementServiceClient;

function connect(email: string): KeyManagementServiceClient {
  const [apiEndpoint = '', port] = kms.address(email).split(':');
  const client = new KeyManagementServiceClient({
    apiEndpoint,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
  });
  clients.push(client);
  return client;
}

beforeAll(async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  const callers = [
    createCaller(ADMIN, [['*', '*']]),
    createCaller(SIGNER, [['cloudkms.cryptoKeyVersions.useToSign', SIGNING]]),
    createCaller(SEALER, [['cloudkms.cryptoKeyVersions.useToEncrypt', WRAPPING]]),
  ];
  kms = await startKms({ callers, clock, recorder, rsaKeys: createRsaKeys(KEY_DIRECTORY) });
  const first = await kms.createKey({
    name: SIGNING,
    purpose: 'ASYMMETRIC_SIGN',
    algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
  });
  expect(first).toBe(SIGNING_1);
  await kms.createKey({ name: WRAPPING, purpose: 'ENCRYPT_DECRYPT', algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' });
  admin = connect(ADMIN);
  signer = connect(SIGNER);
  sealer = connect(SEALER);
}, 120_000);

afterEach(() => recorder.forgetFaults());

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await kms.close();
  vi.unstubAllEnvs();
});

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const sum = (data: Uint8Array | string) => ({ value: crc32c(data) });

async function sign(client: KeyManagementServiceClient, text: string, name = SIGNING_1) {
  const digest = sha256(text);
  const [answer] = await client.asymmetricSign(
    { name, digest: { sha256: digest }, digestCrc32c: sum(digest) },
    { retry: null },
  );
  const signature = Buffer.from(answer.signature ?? '');
  return { answer, signature, intact: String(answer.signatureCrc32c?.value) === String(crc32c(signature)) };
}

async function publicPem(name = SIGNING_1): Promise<string> {
  const [{ pem }] = await admin.getPublicKey({ name });
  return pem ?? '';
}

const setState = (name: string, state: 'ENABLED' | 'DISABLED' | 'DESTROYED') =>
  admin.updateCryptoKeyVersion({ cryptoKeyVersion: { name, state }, updateMask: { paths: ['state'] } });

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error: { code: number; details: string }) => [error.code, error.details],
  );

describe('signing', () => {
  it('signs a digest so that node:crypto verifies it, with every integrity field', async () => {
    const { answer, signature, intact } = await sign(signer, 'a licence');
    expect(answer).toMatchObject({
      name: SIGNING_1,
      verifiedDigestCrc32c: true,
      verifiedDataCrc32c: false,
      protectionLevel: 'SOFTWARE',
    });
    expect(intact).toBe(true);
    expect(signature).toHaveLength(512);
    const key = createPublicKey(await publicPem());
    expect(verify('sha256', Buffer.from('a licence'), key, signature)).toBe(true);
    expect(verify('sha256', Buffer.from('a licencf'), key, signature)).toBe(false);
  });

  it('signs data to the same bytes as its digest: PKCS#1 v1.5 is deterministic', async () => {
    const data = Buffer.from('a licence');
    const [answer] = await signer.asymmetricSign({ name: SIGNING_1, data, dataCrc32c: sum(data) });
    expect(answer).toMatchObject({ verifiedDataCrc32c: true, verifiedDigestCrc32c: false });
    expect(answer.signature).toEqual((await sign(signer, 'a licence')).signature);
  });

  it('signs many at once, each with its own digest', async () => {
    const key = createPublicKey(await publicPem());
    const texts = Array.from({ length: 40 }, (_, i) => `licence ${i}`);
    const all = await Promise.all(texts.map((text) => sign(signer, text)));
    expect(all.map(({ signature }, i) => verify('sha256', Buffer.from(`licence ${i}`), key, signature))).toEqual(
      texts.map(() => true),
    );
  });

  it('refuses a digest with another checksum, of another length, or none at all', async () => {
    const digest = sha256('a licence');
    const call = (request: object) => codeOf(signer.asymmetricSign({ name: SIGNING_1, ...request }));
    expect(await call({ digest: { sha256: digest }, digestCrc32c: sum('other') })).toEqual([
      3,
      'The checksum in field digest_crc32c did not match the data in field digest.',
    ]);
    expect(await call({ digest: { sha256: digest.subarray(1) } })).toEqual([3, 'digest.sha256 must be 32 bytes.']);
    expect(await call({ digest: { sha512: Buffer.alloc(64) } })).toEqual([3, 'digest.sha256 must be 32 bytes.']);
    expect(await call({})).toEqual([3, 'Either digest or data must be set.']);
    expect(await call({ digest: { sha256: digest }, data: Buffer.from('x') })).toEqual([
      3,
      'Only one of digest and data may be set.',
    ]);
  });

  it('answers the public key with its checksum', async () => {
    const [key] = await admin.getPublicKey({ name: SIGNING_1 });
    expect(key).toMatchObject({ name: SIGNING_1, algorithm: 'RSA_SIGN_PKCS1_4096_SHA256' });
    expect(String(key.pemCrc32c?.value)).toBe(String(crc32c(key.pem ?? '')));
    expect(createPublicKey(key.pem ?? '').asymmetricKeyDetails?.modulusLength).toBe(4096);
  });

  it('does not sign with a key that encrypts', async () => {
    expect(await codeOf(sign(admin, 'x', `${WRAPPING}/cryptoKeyVersions/1`))).toMatchObject([3, expect.any(String)]);
  });
});

describe('versions', () => {
  it('creates one that is usable at once, on other material and at the shared time', async () => {
    clock.advance(30 * DAY);
    const before = Math.floor(clock.now() / 1000);
    const [version] = await admin.createCryptoKeyVersion({ parent: SIGNING });
    expect(version).toMatchObject({ name: `${SIGNING}/cryptoKeyVersions/2`, state: 'ENABLED' });
    const created = Number(version.createTime?.seconds);
    expect(created).toBeGreaterThanOrEqual(before);
    expect(created).toBeLessThanOrEqual(clock.now() / 1000);
    expect(version.generateTime).toEqual(version.createTime);
    const pem = await publicPem(version.name ?? '');
    expect(pem).not.toBe(await publicPem());
    const { signature } = await sign(signer, 'x', version.name ?? '');
    expect(verify('sha256', Buffer.from('x'), pem, signature)).toBe(true);
  }, 120_000);

  it('lists them in pages, filters by state, and refuses any other question', async () => {
    await setState(`${SIGNING}/cryptoKeyVersions/2`, 'DISABLED');
    const list = async (request: object) => {
      const [versions] = await admin.listCryptoKeyVersions({ parent: SIGNING, ...request });
      return versions.map(({ name }) => name?.slice(SIGNING.length));
    };
    expect(await list({})).toEqual(['/cryptoKeyVersions/1', '/cryptoKeyVersions/2']);
    expect(await list({ filter: 'state=ENABLED' })).toEqual(['/cryptoKeyVersions/1']);
    expect(await list({ filter: 'state = DISABLED' })).toEqual(['/cryptoKeyVersions/2']);
    const page = async (pageToken: string) => {
      const request = { parent: SIGNING, pageSize: 1, pageToken };
      const [versions, , answer] = await admin.listCryptoKeyVersions(request, { autoPaginate: false });
      return { names: versions.map(({ name }) => name), next: answer.nextPageToken, total: answer.totalSize };
    };
    expect(await page('')).toEqual({ names: [SIGNING_1], next: '1', total: 2 });
    expect(await page('1')).toEqual({ names: [`${SIGNING}/cryptoKeyVersions/2`], next: '', total: 2 });
    expect(await codeOf(page('x'))).toEqual([3, "The page token 'x' is invalid."]);
    expect(await codeOf(list({ filter: 'name:x' }))).toMatchObject([3, expect.any(String)]);
    expect(await codeOf(list({ orderBy: 'name' }))).toMatchObject([3, expect.any(String)]);
    await setState(`${SIGNING}/cryptoKeyVersions/2`, 'ENABLED');
  });

  it('neither signs with a disabled one nor shows its key, until it is enabled again', async () => {
    const disabled = [9, `${SIGNING_1} is not enabled, current state is: DISABLED.`];
    const [changed] = await setState(SIGNING_1, 'DISABLED');
    expect(changed.state).toBe('DISABLED');
    expect(await codeOf(sign(signer, 'x'))).toEqual(disabled);
    expect(await codeOf(publicPem())).toEqual(disabled);
    await setState(SIGNING_1, 'ENABLED');
    expect(await codeOf(sign(signer, 'x'))).toBe('OK');
    expect(await codeOf(setState(SIGNING_1, 'DESTROYED'))).toMatchObject([3, expect.any(String)]);
  });

  it('destroys one after 30 days and can restore it before', async () => {
    const name = `${SIGNING}/cryptoKeyVersions/2`;
    const state = async () => (await admin.getCryptoKeyVersion({ name }))[0].state;
    const [scheduled] = await admin.destroyCryptoKeyVersion({ name });
    expect(scheduled.state).toBe('DESTROY_SCHEDULED');
    expect(await codeOf(setState(name, 'ENABLED'))).toMatchObject([9, expect.any(String)]);
    clock.advance(30 * DAY - 60);
    await admin.restoreCryptoKeyVersion({ name });
    expect(await state()).toBe('DISABLED');
    await admin.destroyCryptoKeyVersion({ name });
    clock.advance(30 * DAY);
    expect(await state()).toBe('DESTROYED');
    expect(await codeOf(admin.restoreCryptoKeyVersion({ name }))).toMatchObject([9, expect.any(String)]);
  });

  it('says what is not there, and what no name can be', async () => {
    const missing = `${SIGNING}/cryptoKeyVersions/99`;
    expect(await codeOf(publicPem(missing))).toEqual([5, `CryptoKeyVersion ${missing} not found.`]);
    expect(await codeOf(admin.getCryptoKey({ name: `${RING}/none` }))).toEqual([
      5,
      `CryptoKey ${RING}/none not found.`,
    ]);
    expect(await codeOf(publicPem('projects/p/x'))).toEqual([3, "The resource name 'projects/p/x' is malformed."]);
  });
});

describe('encryption', () => {
  const aad = Buffer.from('task 1');
  const encrypt = async (plaintext: Buffer, name = WRAPPING) => {
    const [answer] = await sealer.encrypt({
      name,
      plaintext,
      plaintextCrc32c: sum(plaintext),
      additionalAuthenticatedData: aad,
      additionalAuthenticatedDataCrc32c: sum(aad),
    });
    return { answer, ciphertext: Buffer.from(answer.ciphertext ?? '') };
  };
  const decrypt = (ciphertext: Buffer, more: object = {}) =>
    admin.decrypt({
      name: WRAPPING,
      ciphertext,
      ciphertextCrc32c: sum(ciphertext),
      additionalAuthenticatedData: aad,
      additionalAuthenticatedDataCrc32c: sum(aad),
      ...more,
    });
  const INVALID = [3, 'Decryption failed: the ciphertext is invalid.'];

  it('opens what it sealed, with every integrity field', async () => {
    const { answer, ciphertext } = await encrypt(Buffer.from('a data key'));
    expect(answer).toMatchObject({
      name: `${WRAPPING}/cryptoKeyVersions/1`,
      verifiedPlaintextCrc32c: true,
      verifiedAdditionalAuthenticatedDataCrc32c: true,
    });
    expect(String(answer.ciphertextCrc32c?.value)).toBe(String(crc32c(ciphertext)));
    expect(ciphertext.includes('a data key')).toBe(false);
    const [opened] = await decrypt(ciphertext);
    expect(opened.plaintext?.toString()).toBe('a data key');
    expect(opened.usedPrimary).toBe(true);
    expect(String(opened.plaintextCrc32c?.value)).toBe(String(crc32c('a data key')));
  });

  it('refuses any flipped bit, any truncation and other associated data', async () => {
    const { ciphertext } = await encrypt(Buffer.from('a data key'));
    for (let i = 0; i < ciphertext.length; i += 1) {
      const flipped = Buffer.from(ciphertext);
      flipped.writeUInt8(flipped.readUInt8(i) ^ 1, i);
      expect(await codeOf(decrypt(flipped))).toEqual(INVALID);
    }
    for (const length of [0, 1, 4, 16, 31, ciphertext.length - 1]) {
      expect(await codeOf(decrypt(ciphertext.subarray(0, length)))).toEqual(INVALID);
    }
    const other = { additionalAuthenticatedData: Buffer.from('task 2'), additionalAuthenticatedDataCrc32c: null };
    expect(await codeOf(decrypt(ciphertext, other))).toEqual(INVALID);
  });

  it('refuses wrong checksums, by name of the field', async () => {
    const mismatch = (field: string) => [
      3,
      `The checksum in field ${field}_crc32c did not match the data in field ${field}.`,
    ];
    const { ciphertext } = await encrypt(Buffer.from('x'));
    const seal = (more: object) => codeOf(sealer.encrypt({ name: WRAPPING, plaintext: Buffer.from('x'), ...more }));
    expect(await seal({ plaintextCrc32c: sum('y') })).toEqual(mismatch('plaintext'));
    expect(await seal({ additionalAuthenticatedDataCrc32c: sum('y') })).toEqual(
      mismatch('additional_authenticated_data'),
    );
    expect(await codeOf(decrypt(ciphertext, { ciphertextCrc32c: sum('y') }))).toEqual(mismatch('ciphertext'));
  });

  it('takes 64 KiB of plaintext and associated data together, and not a byte more', async () => {
    const most = 65_536 - aad.length;
    expect(await codeOf(encrypt(Buffer.alloc(most)))).toBe('OK');
    expect(await codeOf(encrypt(Buffer.alloc(most + 1)))).toMatchObject([3, expect.any(String)]);
  });

  it('encrypts with the primary version, or the one named, and decrypts with the one that the ciphertext names', async () => {
    const old = await encrypt(Buffer.from('old'));
    const [second] = await admin.createCryptoKeyVersion({ parent: WRAPPING });
    expect((await encrypt(Buffer.from('x'))).answer.name).toBe(`${WRAPPING}/cryptoKeyVersions/1`);
    expect((await encrypt(Buffer.from('x'), second.name ?? '')).answer.name).toBe(second.name);
    await admin.updateCryptoKeyPrimaryVersion({ name: WRAPPING, cryptoKeyVersionId: '2' });
    expect((await encrypt(Buffer.from('x'))).answer.name).toBe(second.name);
    const [opened] = await decrypt(old.ciphertext);
    expect([opened.plaintext?.toString(), opened.usedPrimary]).toEqual(['old', false]);
    const first = `${WRAPPING}/cryptoKeyVersions/1`;
    await setState(first, 'DISABLED');
    expect(await codeOf(decrypt(old.ciphertext))).toEqual([9, `${first} is not enabled, current state is: DISABLED.`]);
    const [key] = await admin.getCryptoKey({ name: WRAPPING });
    expect(key.primary?.name).toBe(second.name);
  });
});

describe('rights', () => {
  const denied = (permission: string, resource: string) => [
    7,
    `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`,
  ];

  it('are checked for each caller, before existence', async () => {
    expect(await codeOf(sign(sealer, 'x'))).toEqual(denied('cloudkms.cryptoKeyVersions.useToSign', SIGNING_1));
    expect(await codeOf(sealer.decrypt({ name: WRAPPING, ciphertext: Buffer.alloc(40) }))).toEqual(
      denied('cloudkms.cryptoKeyVersions.useToDecrypt', WRAPPING),
    );
    expect(await codeOf(signer.getCryptoKey({ name: `${RING}/none` }))).toEqual(
      denied('cloudkms.cryptoKeys.get', `${RING}/none`),
    );
    expect(await codeOf(signer.listCryptoKeyVersions({ parent: SIGNING }))).toEqual(
      denied('cloudkms.cryptoKeyVersions.list', SIGNING),
    );
    expect(await codeOf(signer.createCryptoKeyVersion({ parent: SIGNING }))).toEqual(
      denied('cloudkms.cryptoKeyVersions.create', SIGNING),
    );
  });

  it('has no listener for a stranger', () => {
    expect(() => kms.address('nobody@p.test')).toThrow(TypeError);
  });
});

describe('faults', () => {
  it('refuse a call before it takes effect, or lose the answer of one that did', async () => {
    const count = async () => (await admin.listCryptoKeyVersions({ parent: WRAPPING }))[0].length;
    const before = await count();
    const create = () => codeOf(admin.createCryptoKeyVersion({ parent: WRAPPING }, { retry: null }));
    recorder.inject({ service: 'kms', method: 'CreateCryptoKeyVersion', code: 'UNAVAILABLE', times: 1 });
    expect(await create()).toEqual([14, 'injected fault: UNAVAILABLE']);
    expect(await count()).toBe(before);
    recorder.inject({ service: 'kms', method: 'CreateCryptoKeyVersion', code: 'UNAVAILABLE', times: 1, lost: true });
    expect(await create()).toEqual([14, 'injected fault: UNAVAILABLE']);
    expect(await count()).toBe(before + 1);
    recorder.inject({ service: 'kms', method: '*', code: 'NO_SUCH_CODE', times: 1 });
    expect(await create()).toEqual([2, 'injected fault: NO_SUCH_CODE']);
  });

  it('CORRUPT damages the data after its checksum was computed', async () => {
    recorder.inject({ service: 'kms', method: '*', code: 'CORRUPT' });
    expect((await sign(signer, 'x')).intact).toBe(false);
    const [key] = await admin.getPublicKey({ name: SIGNING_1 });
    expect(String(key.pemCrc32c?.value)).not.toBe(String(crc32c(key.pem ?? '')));
    const [sealed] = await sealer.encrypt({ name: WRAPPING, plaintext: Buffer.from('secret') });
    expect(String(sealed.ciphertextCrc32c?.value)).not.toBe(String(crc32c(sealed.ciphertext ?? '')));
    recorder.forgetFaults();
    expect((await sign(signer, 'x')).intact).toBe(true);
  });

  it('and every call is counted, refused ones too', async () => {
    recorder.forgetCalls();
    recorder.inject({ service: 'kms', method: 'AsymmetricSign', code: 'INTERNAL', times: 1 });
    await codeOf(sign(signer, 'x'));
    await codeOf(sign(sealer, 'x'));
    await sign(signer, 'x');
    await publicPem();
    expect(recorder.calls()).toEqual({ 'kms.AsymmetricSign': 3, 'kms.GetPublicKey': 1 });
  });
});

describe('the key directory', () => {
  it('keeps the material of one run for the next, readable by its owner alone', async () => {
    const names = await readdir(KEY_DIRECTORY);
    expect(names).toContain('rsa-4096-0001.pem');
    const { mode } = await stat(join(KEY_DIRECTORY, 'rsa-4096-0001.pem'));
    expect(mode & 0o777).toBe(0o600);
    const again = await startKms({
      callers: [createCaller(ADMIN, [['*', '*']])],
      clock,
      recorder,
      rsaKeys: createRsaKeys(KEY_DIRECTORY),
    });
    await again.createKey({ name: SIGNING, purpose: 'ASYMMETRIC_SIGN', algorithm: 'RSA_SIGN_PKCS1_4096_SHA256' });
    const [apiEndpoint = '', port] = again.address(ADMIN).split(':');
    const client = new KeyManagementServiceClient({
      apiEndpoint,
      port: Number(port),
      sslCreds: credentials.createInsecure(),
    });
    const [key] = await client.getPublicKey({ name: SIGNING_1 });
    expect(key.pem).toBe(await publicPem());
    await client.close();
    await again.close();
  });
});
