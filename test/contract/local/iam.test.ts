import { verify } from 'node:crypto';
import { IAMCredentialsClient } from '@google-cloud/iam-credentials';
import { credentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { type Iam, startIam } from '#local/iam/start.ts';
import { createRecorder } from '#local/recorder.ts';

const [SIGNER, OTHER] = ['signer@p.test', 'other@p.test'];
const account = (email: string) => `projects/-/serviceAccounts/${email}`;
const BLOB = Buffer.from('a string to sign');

const recorder = createRecorder();
let iam: Iam;
let client: IAMCredentialsClient;

beforeAll(async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  const grants = [['iam.serviceAccounts.signBlob', account(SIGNER)]] as const;
  iam = await startIam({ callers: [createCaller(SIGNER, grants)], recorder });
  const [apiEndpoint = '', port] = iam.address(SIGNER).split(':');
  client = new IAMCredentialsClient({ apiEndpoint, port: Number(port), sslCreds: credentials.createInsecure() });
});

afterEach(() => {
  recorder.forgetFaults();
  recorder.forgetCalls();
});

afterAll(async () => {
  await client.close();
  await iam.close();
  vi.unstubAllEnvs();
});

async function signBlob(name = account(SIGNER), payload = BLOB) {
  const [{ keyId, signedBlob }] = await client.signBlob({ name, payload }, { retry: null });
  return { keyId, signature: Buffer.from(signedBlob ?? '') };
}

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error: { code: number; details: string }) => [error.code, error.details],
  );

describe('SignBlob', () => {
  it("signs so that the account's public key verifies, and no other", async () => {
    const { keyId, signature } = await signBlob();
    expect(signature).toHaveLength(256);
    expect(keyId).toMatch(/^[0-9a-f]{40}$/);
    expect(verify('sha256', BLOB, await iam.publicKey(SIGNER), signature)).toBe(true);
    expect(verify('sha256', Buffer.from('another'), await iam.publicKey(SIGNER), signature)).toBe(false);
    expect(verify('sha256', BLOB, await iam.publicKey(OTHER), signature)).toBe(false);
  });

  it('keeps one key an account, however many ask at once', async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => signBlob()));
    expect(new Set(all.map(({ keyId }) => keyId)).size).toBe(1);
    expect(recorder.calls()).toEqual({ 'iam.SignBlob': 100 });
  });

  it('needs the right on the account that signs', async () => {
    expect(await codeOf(signBlob(account(OTHER)))).toEqual([
      7,
      "Permission 'iam.serviceAccounts.signBlob' denied on resource (or it may not exist).",
    ]);
  });

  it.each([
    `projects/p/serviceAccounts/${SIGNER}`,
    'projects/-/serviceAccounts/signer',
    `${account(SIGNER)}/keys/1`,
    SIGNER,
  ])('refuses the name %s', async (name) => {
    expect(await codeOf(signBlob(name))).toEqual([3, `The resource name '${name}' is malformed.`]);
  });

  it('takes faults: before, lost and a damaged signature', async () => {
    recorder.inject({ service: 'iam', method: 'SignBlob', code: 'UNAVAILABLE', times: 1 });
    expect(await codeOf(signBlob())).toEqual([14, 'injected fault: UNAVAILABLE']);
    recorder.inject({ service: 'iam', method: 'SignBlob', code: 'INTERNAL', times: 1, lost: true });
    expect(await codeOf(signBlob())).toEqual([13, 'injected fault: INTERNAL']);
    recorder.inject({ service: 'iam', method: 'SignBlob', code: 'CORRUPT', times: 1 });
    const { signature } = await signBlob();
    expect(verify('sha256', BLOB, await iam.publicKey(SIGNER), signature)).toBe(false);
    expect(recorder.calls()).toEqual({ 'iam.SignBlob': 3 });
  });
});
