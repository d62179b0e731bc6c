import { createHash, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { IAMCredentialsClient } from '@google-cloud/iam-credentials';
import { KeyManagementServiceClient } from '@google-cloud/kms';
import { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accountGrants, createProject, emailOf } from '#local/accounts.ts';
import { readPublicKey } from '#shared/crypto/public-key.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { endpointOptions } from '#shared/gcp/grpc.ts';
import { createKmsClient, createKmsSigner } from '#shared/gcp/kms.ts';
import { signStatement } from '#shared/keys/statements.ts';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { rootKey, verifyLicense } from '../../client/src/index.ts';
import { useSuite } from './suite.ts';
import { payloadBucket } from './tasks.ts';

/**
 * What a thief of each account can do with its rights alone: every act is tried with every account, and what succeeds
 * must be its row of docs/stolen-accounts.md, no more and no less.
 */
const suite = useSuite();

const ACTS = [
  'sign licences',
  'sign key lists',
  'use the root key',
  'make key versions',
  'read the key list',
  'write the key list',
  'read documents',
  'write documents',
  'seal payloads',
  'open payloads',
  'fetch payloads',
  'start the worker',
  'seal webhook secrets',
  'open webhook secrets',
  'sign upload URLs',
  'sign as another account',
  'fetch uploads',
] as const;
type Act = (typeof ACTS)[number];
const ALGORITHM = 'RSA_SIGN_PKCS1_4096_SHA256';
const ACCOUNTS = Object.keys(accountGrants(createProject('p')));

/** One in each bucket. */
const OBJECT = 'theft';
beforeAll(async () => {
  const { stack } = suite;
  for (const name of [stack.project.payloadBucket, stack.project.uploadBucket]) {
    const bucket = new Storage({ apiEndpoint: stack.storage, projectId: stack.project.id }).bucket(name);
    await bucket.file(OBJECT).save('x', { resumable: false });
  }
});
const OVERRIDES = JSON.stringify({
  overrides: { containerOverrides: [{ env: [{ name: 'TASK_ID', value: 'none' }] }] },
});

const closers: (() => Promise<unknown>)[] = [];
afterAll(() => Promise.all(closers.map((close) => close())));

function thief(account: string) {
  const { stack } = suite;
  const { project } = stack;
  const environment = stack.environment(account);
  const kms = new KeyManagementServiceClient(endpointOptions(environment['KMS_ENDPOINT']));
  const iam = new IAMCredentialsClient(endpointOptions(environment['IAM_ENDPOINT']));
  const open = (database: string) =>
    createFirestore({
      projectId: project.id,
      endpoint: environment['FIRESTORE_ENDPOINT'],
      database,
    });
  const [documents, keys] = [open('(default)'), open('keys')];
  closers.push(
    () => kms.close(),
    () => iam.close(),
    () => documents.close(),
    () => keys.close(),
  );
  const digest = { sha256: createHash('sha256').update('x').digest() };
  const useKey = (key: string) => kms.asymmetricSign({ name: `${key}/cryptoKeyVersions/1`, digest });
  const blob = (email: string) =>
    iam.signBlob({ name: `projects/-/serviceAccounts/${email}`, payload: Buffer.from('x') });
  const payloads = payloadBucket(suite, environment['STORAGE_ENDPOINT'] ?? '');
  const fetchObject = async (bucket: string) => {
    const response = await fetch(`${environment['STORAGE_ENDPOINT']}/storage/v1/b/${bucket}/o/${OBJECT}?alt=media`);
    if (response.status === 403) throw new Error('forbidden');
  };
  const acts: Readonly<Record<Act, () => Promise<unknown>>> = {
    'sign licences': () => useKey(project.signingKey),
    'sign key lists': () => useKey(project.directoryKey),
    'use the root key': () => useKey(project.rootKey),
    'make key versions': () => kms.createCryptoKeyVersion({ parent: project.signingKey, cryptoKeyVersion: {} }),
    'read the key list': () => keys.get(['statements/list']),
    'write the key list': () => keys.commit([{ op: 'set', path: 'theft/key', fields: { by: account } }]),
    'read documents': () => documents.get(['licenses/x']),
    'write documents': () => documents.commit([{ op: 'set', path: 'theft/document', fields: { by: account } }]),
    'seal payloads': () => kms.encrypt({ name: project.payloadKey, plaintext: Buffer.from('x') }),
    'open payloads': async () => {
      await kms.decrypt({ name: project.payloadKey, ciphertext: Buffer.from('x'.repeat(40)) }).catch((error) => {
        if (error.code !== 3) throw error; // INVALID_ARGUMENT: it may, and this is no ciphertext
      });
    },
    'seal webhook secrets': () => kms.encrypt({ name: project.webhookKey, plaintext: Buffer.from('x') }),
    'open webhook secrets': async () => {
      await kms.decrypt({ name: project.webhookKey, ciphertext: Buffer.from('x'.repeat(40)) }).catch((error) => {
        if (error.code !== 3) throw error; // INVALID_ARGUMENT: it may, and this is no ciphertext
      });
    },
    'fetch payloads': () => fetchObject(payloads.name),
    'start the worker': async () => {
      const base = stack.run(emailOf(project, account));
      const response = await fetch(`${base}/v2/${project.workerJob}:run`, { method: 'POST', body: OVERRIDES });
      if (response.status === 403) throw new Error('forbidden');
    },
    'sign upload URLs': () => blob(emailOf(project, 'signed-urls')),
    'sign as another account': () => blob(emailOf(project, account === 'admin' ? 'seats' : 'admin')),
    'fetch uploads': () => fetchObject(project.uploadBucket),
  };
  return { acts, documents, keys, environment };
}

/** The generated table of the page: account to what it can. */
async function rows(): Promise<Record<string, string[]>> {
  const page = await readFile(resolve(import.meta.dirname, '../../docs/stolen-accounts.md'), 'utf8');
  const lines = page.split('\n').filter((line) => line.startsWith('| `'));
  return Object.fromEntries(
    lines.map((line) => {
      const [, account = '', can = ''] = line.split('|').map((cell) => cell.trim());
      return [account.replaceAll('`', ''), can === 'nothing' ? [] : can.split(', ')];
    }),
  );
}

test('the page has a row for each account', async () => {
  expect(Object.keys(await rows()).toSorted()).toEqual(ACCOUNTS.toSorted());
});

/** Google's emulator lets every account read and write documents. */
const checksRights = process.env['FIRESTORE'] !== 'emulator';

test.skipIf(!checksRights).each(ACCOUNTS)('%s can what its row says, and nothing else', async (account) => {
  const { acts } = thief(account);
  const can: string[] = [];
  for (const act of ACTS) {
    await acts[act]().then(
      () => can.push(act),
      () => undefined,
    );
  }
  expect(can).toEqual((await rows())[account]);
});

/** A key of the thief's own, and a list under a root of their own that names it. */
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 4096 });
const own = readPublicKey(publicKey.export({ type: 'spki', format: 'pem' }).toString(), ALGORITHM);
const sha = (text: string) => signWith('sha256', Buffer.from(text), privateKey).toString('base64');
const signed = <S extends Readonly<Record<string, unknown>>>(statement: S) => {
  const stamped = { ...statement, signature_algorithm: ALGORITHM };
  return { ...stamped, signature: sha(canonicalJson(stamped)) };
};

describe('with the rights of one account', () => {
  let honest: string;
  let forgery: object;
  let listed: {
    key_version: string;
    kid: string;
    algorithm: string;
    created_at: string;
    signs_from: string;
    state: string;
    pem: string;
  };
  const served = async () => (await suite.send('GET', '/.well-known/countersign-keys.json')).text;
  const DAY = 86_400_000;

  beforeAll(async () => {
    honest = await served();
    const now = suite.stack.clock.now();
    const times = { created_at: formatTime(now - 9 * DAY), signs_from: formatTime(now - DAY) };
    listed = {
      key_version: 'license-signing.7',
      kid: own.kid,
      algorithm: ALGORITHM,
      ...times,
      state: 'signing',
      pem: own.pem,
    };
    forgery = signed({
      ...{ kind: 'seat', mode: 'online', product: 'default', hardware_id: 'm', max_seats: 1_000_000 },
      ...{ key_version: listed.key_version, signed_at: formatTime(now), valid_until: formatTime(now + 300 * DAY) },
    });
  });

  const forgedList = () => {
    const now = suite.stack.clock.now();
    const root = signed({
      ...{ kind: 'directory', directory_key: 'license-directory.1', pem: own.pem, root_version: 'license-root.1' },
      ...{ valid_from: formatTime(now), valid_until: formatTime(now + 400 * DAY) },
    });
    const list = {
      kind: 'keys',
      sequence: 9_999_999_999,
      issued_at: formatTime(now),
      expires_at: formatTime(now + 30 * DAY),
    };
    return { root, list: signed({ ...list, keys: [listed], revoked: [] }) };
  };

  async function verdicts(): Promise<string[]> {
    const { body } = await suite.post('/api/v1/licenses/verify', { license_data: forgery });
    const source = rootKey(suite.stack.rootKey, { url: suite.stack.gateway });
    const check = await verifyLicense(forgery, source, { kind: 'seat', now: suite.stack.clock.now() });
    return [body.valid ? 'valid' : body.reason, check.valid ? 'valid' : check.reason];
  }

  const writers = ['admin', 'license-signing', 'seats', 'session-reaper', 'signed-urls', 'task-payloads'];

  test.each(writers)('%s publishes no key, whatever documents it writes', async (account) => {
    const json = JSON.stringify(forgedList());
    const paths = [
      'statements/list',
      'statements/directory',
      'public_keys/license-signing.7',
      'keys/license-signing.7',
    ];
    await thief(account).documents.commit(paths.map((path) => ({ op: 'set', path, fields: { json, pem: own.pem } })));
    suite.stack.clock.advance(61);
    expect(await served()).toBe(honest);
    expect(await verdicts()).toEqual(['unknown_key', 'unknown_key']);
  });

  test('no document holds a licence key, a session id or a payload', async () => {
    const { license_id, license_key } = await suite.license(1);
    const { body } = await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'm' });
    await suite.post('/api/v1/tasks', { payload: { canary: 'a-secret-of-a-task' } }, 'service');
    const { documents } = thief('session-reaper');
    const collections = ['licenses', 'sessions', 'tenants', 'users', 'audit', 'tasks', 'idempotency'];
    const below = ['keys', 'seats', 'holders'].map((name) => `licenses/${license_id}/${name}`);
    const found = await Promise.all(
      [...collections, ...below].map((collection) => documents.query({ collection, where: [], limit: 300 })),
    );
    const text = JSON.stringify(found);
    expect(text).toContain(license_id);
    for (const secret of [license_key, license_key.slice(-23), body.session_id, 'a-secret-of-a-task'])
      expect(text).not.toContain(secret);
  });

  test('key-rotation publishes no key under a root of its own; under the true one it does, which its row says', async () => {
    const { keys, environment } = thief('key-rotation');
    const write = (list: object) =>
      keys.commit([{ op: 'set', path: 'statements/list', fields: { json: JSON.stringify(list) } }]);
    await write(forgedList());
    suite.stack.clock.advance(61);
    expect(await served()).toBe(honest);
    expect(await verdicts()).toEqual(['unknown_key', 'unknown_key']);
    const document = JSON.parse(honest);
    const { signature: _, ...list } = document.list;
    const kms = createKmsClient(environment['KMS_ENDPOINT']);
    closers.push(() => kms.close());
    const signer = createKmsSigner(kms, suite.stack.project.directoryKey);
    const published = await signStatement(
      { ...list, sequence: list.sequence + 1, keys: [listed, ...list.keys] },
      ALGORITHM,
      (digest) => signer.sign('license-directory.1', digest),
    );
    await write({ root: document.root, list: published });
    suite.stack.clock.advance(61);
    expect(await verdicts()).toEqual(['valid', 'valid']);
  });
});
