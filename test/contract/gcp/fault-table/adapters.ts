import { createHash, generateKeyPairSync, type KeyObject, randomBytes, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IAMCredentialsClient } from '@google-cloud/iam-credentials';
import { createCaller } from '#local/caller.ts';
import { startEmbeddedFirestore } from '#local/firestore/embedded/start.ts';
import { disconnect, disconnectMidway, isDisconnect } from '#local/http-faults.ts';
import { startIam } from '#local/iam/start.ts';
import type { RsaKeys } from '#local/kms/rsa-keys.ts';
import { startKms } from '#local/kms/start.ts';
import { listen, shut } from '#local/listen.ts';
import type { Recorder } from '#local/recorder.ts';
import { startRun } from '#local/run/start.ts';
import { startStorage } from '#local/storage/start.ts';
import { crc32c } from '#shared/crypto/crc32c.ts';
import { createImpersonation } from '#shared/gcp/access-token.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { endpointOptions } from '#shared/gcp/grpc.ts';
import { createIamChannels, createIamSigner } from '#shared/gcp/iam.ts';
import { createKmsClient, createKmsKeyAdministrator, createKmsKeySource, createKmsSigner } from '#shared/gcp/kms.ts';
import { createKmsUnwrapper, createKmsWrapper } from '#shared/gcp/kms-envelope.ts';
import { createExecutionReader } from '#shared/gcp/run-executions.ts';
import { createJobStarter } from '#shared/gcp/run-jobs.ts';
import { createBucket, createObjects } from '#shared/gcp/storage.ts';
import { createIssuerKeys } from '#shared/http/issuer-keys.ts';
import { systemClock } from '#shared/model/clock.ts';
import { CommitError } from '#shared/store/store.ts';
import type { Outcome, Traits } from './rule.ts';

/** One method of one adapter, on a stand-in of its own. */
export interface Adapter extends Traits {
  readonly name: string;
  /** What the recorder calls it. */
  readonly service: string;
  readonly method: string;
  /** Another method that it may call, so that one of the two is tested at a time. */
  readonly uses?: string;
  /** Members of FAULTS. */
  readonly faults: readonly string[];
  /** Codes among them that cannot strike here, with the reason. */
  readonly except?: Readonly<Record<string, string>>;
  /** @param timeout milliseconds, for adapters over HTTP */
  readonly open: (world: World, timeout: number) => Promise<Opened> | Opened;
}

export interface Opened {
  /** Calls the adapter once and checks the value, if it gives one. */
  act(): Promise<Outcome>;
  /** How often the act has taken place so far, for those that must not be repeated. */
  effects?(): number | Promise<number>;
}

const ANYBODY = createCaller('anybody@p.test', [['*', '*']]);
const KEYS = 'projects/p/locations/l/keyRings/r/cryptoKeys';
const [SIGNING, PAYLOADS] = [`${KEYS}/signing`, `${KEYS}/payloads`];
/** Keys for the adapters that change them. */
const [ROTATED, ENDED] = [`${KEYS}/rotated`, `${KEYS}/ended`];
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** Versions share one short key here, since making one takes seconds and these tests do not compare them. */
const rsaKeys: RsaKeys = {
  prepare: async () => 0,
  skip: () => undefined,
  take: async (): Promise<KeyObject> => rsa.privateKey,
};

const succeeds = async (call: () => Promise<boolean>): Promise<Outcome> => {
  try {
    if (await call()) return 'ok';
  } catch (error) {
    if (error instanceof CommitError) return error.failure === 'unknown' ? 'unknown' : 'failed';
    return 'failed';
  }
  throw new TypeError('the adapter gave a wrong value');
};

/** The stand-ins, each with a client; the adapters of a service share them, since clients are slow to construct. */
export async function startWorld(recorder: Recorder) {
  const callers = [ANYBODY];
  const { email } = ANYBODY;
  const kms = await startKms({ callers, clock: systemClock, recorder, rsaKeys });
  for (const name of [SIGNING, ROTATED, ENDED]) {
    await kms.createKey({ name, purpose: 'ASYMMETRIC_SIGN', algorithm: 'RSA_SIGN_PKCS1_4096_SHA256' });
  }
  await kms.createKey({ name: PAYLOADS, purpose: 'ENCRYPT_DECRYPT', algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' });
  const kmsClient = createKmsClient(kms.address(email));
  const iam = await startIam({ callers, recorder });
  const channels = createIamChannels(1, iam.address(email));
  const iamClient = new IAMCredentialsClient(endpointOptions(iam.address(email)));
  const firestore = await startEmbeddedFirestore({ callers, clock: systemClock, recorder });
  const connect = (endpoint: string) => createFirestore({ projectId: 'p', database: '(default)', endpoint });
  const [store, plain] = [connect(firestore.address(email)), connect(firestore.host)];
  await plain.commit([{ op: 'set', path: 'things/known', fields: { n: 7 } }]);
  const dir = await mkdtemp(join(tmpdir(), 'fault-table-'));
  const storage = await startStorage({ dir, clock: systemClock, recorder, callers, publicKey: async () => undefined });
  storage.createBucket('payloads');
  let started = 0;
  const findJob = () => {
    started += 1;
    return { command: ['true'], env: { PATH: process.env['PATH'] ?? '' } } as const;
  };
  const run = await startRun({ findJob, callers, clock: systemClock, recorder, log: () => undefined });
  const issuer = await startIssuer(recorder);
  return {
    recorder,
    kms: kmsClient,
    iam,
    channels,
    iamClient,
    runUrl: run.baseUrl(email),
    jobsStarted: () => started,
    keySetUrl: issuer.url,
    store,
    /** Without injected faults. */
    plain,
    objects(timeout: number) {
      const endpoint = storage.baseUrl(email);
      return createObjects(createBucket({ projectId: 'p', bucket: 'payloads', endpoint, timeout }), timeout);
    },
    /** Another client of Firestore's: one has its deadlines from when it is made. */
    reconnect: () => connect(firestore.address(email)),
    async close() {
      const clients = [kmsClient, channels, iamClient, store, plain];
      await Promise.all(clients.map((client) => client.close()));
      await Promise.all([kms, iam, firestore, storage, run, issuer].map((part) => part.close()));
      await rm(dir, { recursive: true });
    },
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

const DEK = randomBytes(34);
const MESSAGE = randomBytes(32);
const DIGEST = createHash('sha256').update(MESSAGE).digest();
/** DIGEST is the hash of MESSAGE, which is what `verify` wants. */
const isSigned = (signature: Uint8Array) => verify('sha256', MESSAGE, rsa.publicKey, signature);

const KMS: readonly Adapter[] = [
  {
    name: 'KMS: sign',
    service: 'kms',
    method: 'AsymmetricSign',
    effect: 'none',
    expensive: true,
    faults: ['grpc', 'kms'],
    except: { DEADLINE_EXCEEDED: 'the service may be signing; LATE has its own row' },
    open: ({ kms: client }) => ({
      act: () => succeeds(async () => isSigned(await createKmsSigner(client, SIGNING).sign('signing.1', DIGEST))),
    }),
  },
  {
    name: 'KMS: list versions',
    service: 'kms',
    method: 'ListCryptoKeyVersions',
    effect: 'none',
    faults: ['grpc'],
    open: ({ kms: client }) => ({
      act: () => succeeds(async () => (await createKmsKeySource(client, SIGNING).listVersions()).length === 1),
    }),
  },
  {
    name: 'KMS: public key',
    service: 'kms',
    method: 'GetPublicKey',
    effect: 'none',
    faults: ['grpc', 'kms'],
    except: { CORRUPT_REQUEST: 'the request has no data', CHECKSUM_LOST: 'the request has no checksum' },
    open: ({ kms: client }) => ({
      act: () =>
        succeeds(async () => (await createKmsKeySource(client, SIGNING).readPem('signing.1')).includes('PUBLIC KEY')),
    }),
  },
  {
    name: 'KMS: create a version',
    service: 'kms',
    method: 'CreateCryptoKeyVersion',
    effect: 'once',
    faults: ['grpc'],
    open: ({ kms: client }) => ({
      act: () =>
        succeeds(async () => /^rotated\.\d+$/.test(await createKmsKeyAdministrator(client, ROTATED).createVersion())),
      effects: async () => (await client.listCryptoKeyVersions({ parent: ROTATED }))[0].length,
    }),
  },
  {
    name: 'KMS: disable a version',
    service: 'kms',
    method: 'UpdateCryptoKeyVersion',
    effect: 'idempotent',
    faults: ['grpc'],
    open: ({ kms: client }) => ({
      act: () =>
        succeeds(async () => {
          await createKmsKeyAdministrator(client, ENDED).disableVersion('ended.1');
          return true;
        }),
    }),
  },
  {
    name: 'KMS: wrap',
    service: 'kms',
    method: 'Encrypt',
    effect: 'none',
    faults: ['grpc', 'kms'],
    open: ({ kms: client }) => ({
      act: () =>
        succeeds(async () => {
          const { wrapped } = await createKmsWrapper(client, PAYLOADS).wrap(DEK);
          const opened = await createKmsUnwrapper(client, PAYLOADS).unwrap(wrapped);
          return opened !== undefined && DEK.equals(opened);
        }),
    }),
  },
  {
    name: 'KMS: unwrap',
    service: 'kms',
    method: 'Decrypt',
    effect: 'none',
    faults: ['grpc', 'kms'],
    except: { CHECKSUM_LOST: 'an answer of Decrypt has no flags; the checksum of its plaintext counts' },
    async open({ kms: client }) {
      const { wrapped } = await createKmsWrapper(client, PAYLOADS).wrap(DEK);
      return {
        act: () =>
          succeeds(async () => {
            const opened = await createKmsUnwrapper(client, PAYLOADS).unwrap(wrapped);
            return opened !== undefined && DEK.equals(opened);
          }),
      };
    },
  },
];

const IAM: readonly Adapter[] = [
  {
    name: 'IAM: sign a text',
    service: 'iam',
    method: 'SignBlob',
    effect: 'none',
    faults: ['grpc'],
    async open({ iam, channels }) {
      const publicKey = await iam.publicKey('signer@p.test');
      return {
        act: () =>
          succeeds(async () => {
            const signature = await createIamSigner(channels, 'signer@p.test').sign('text');
            return verify('sha256', Buffer.from('text'), publicKey, signature);
          }),
      };
    },
  },
  {
    name: 'IAM: access token',
    service: 'iam',
    method: 'GenerateAccessToken',
    effect: 'none',
    faults: ['grpc'],
    open: ({ iamClient }) => ({
      // A fresh one each time, since a token is cached.
      act: () =>
        succeeds(async () => {
          const token = await createImpersonation('dispatcher@p.test', systemClock, iamClient).current();
          return token.reveal().startsWith('local.');
        }),
    }),
  },
];

type Store = ReturnType<typeof createFirestore>;

const numberOf = async (store: Store, path: string, field: string) =>
  Number((await store.get([path]))[0]?.fields[field] ?? 0);

const FIRESTORE: readonly Adapter[] = [
  {
    name: 'Firestore: get',
    service: 'firestore',
    method: 'BatchGetDocuments',
    effect: 'none',
    faults: ['grpc'],
    open: ({ store }) => ({
      act: () => succeeds(async () => (await store.get(['things/known']))[0]?.fields['n'] === 7),
    }),
  },
  {
    name: 'Firestore: query',
    service: 'firestore',
    method: 'RunQuery',
    effect: 'none',
    faults: ['grpc'],
    open: ({ store }) => ({
      act: () => succeeds(async () => (await store.query({ collection: 'things', where: [], limit: 5 })).length === 1),
    }),
  },
  {
    name: 'Firestore: count',
    service: 'firestore',
    method: 'RunAggregationQuery',
    effect: 'none',
    faults: ['grpc'],
    open: ({ store }) => ({
      act: () => succeeds(async () => (await store.count({ collection: 'things', where: [] })) === 1),
    }),
  },
  {
    name: 'Firestore: commit',
    service: 'firestore',
    method: 'Commit',
    effect: 'once',
    unclear: 'unknown',
    doubts: true,
    faults: ['grpc'],
    open: ({ store, plain }) => ({
      act: () =>
        succeeds(async () => {
          await store.commit([{ op: 'merge', path: 'sums/one', fields: {}, increment: { n: 1 } }]);
          return true;
        }),
      effects: () => numberOf(plain, 'sums/one', 'n'),
    }),
  },
  {
    name: 'Firestore: batch write',
    service: 'firestore',
    method: 'BatchWrite',
    effect: 'once',
    unclear: 'unknown',
    doubts: true,
    faults: ['grpc'],
    open: ({ store, plain }) => ({
      act: () =>
        succeeds(async () => {
          const failures = await store.writeEach([{ op: 'merge', path: 'sums/two', fields: {}, increment: { n: 1 } }]);
          return failures.length === 1 && failures[0] === undefined;
        }),
      effects: () => numberOf(plain, 'sums/two', 'n'),
    }),
  },
  {
    name: 'Firestore: counter',
    service: 'firestore',
    method: 'Commit',
    effect: 'once',
    faults: ['grpc'],
    open: ({ store, plain }) => ({
      act: () => succeeds(async () => (await store.add('limits/a', [['n', 1]], Date.now() + 60_000))[0] !== undefined),
      effects: () => numberOf(plain, 'limits/a', 'n'),
    }),
  },
];

const BYTES = randomBytes(5_000);
const newObject = (name: string) => ({ name, bytes: BYTES, crc32c: crc32c(BYTES), custom: {} });

const STORAGE: readonly Adapter[] = [
  {
    name: 'Storage: create',
    service: 'storage',
    method: 'insert',
    uses: 'storage.list',
    effect: 'idempotent',
    faults: ['http', 'upload'],
    open(world, timeout) {
      const objects = world.objects(timeout);
      let number = 0;
      return {
        act: () =>
          succeeds(async () => {
            number += 1;
            const { generation } = await objects.create(newObject(`create/${number}`));
            const read = await objects.read(`create/${number}`);
            return read.generation === generation && BYTES.equals(read.bytes);
          }),
      };
    },
  },
  {
    name: 'Storage: find',
    service: 'storage',
    method: 'list',
    effect: 'none',
    faults: ['http'],
    async open(world, timeout) {
      const objects = world.objects(timeout);
      await objects.create(newObject('find'));
      return { act: () => succeeds(async () => (await objects.find('find'))?.size === BYTES.length) };
    },
  },
  {
    name: 'Storage: read metadata',
    service: 'storage',
    method: 'get',
    effect: 'none',
    faults: ['http'],
    async open(world, timeout) {
      const objects = world.objects(timeout);
      await objects.create(newObject('read'));
      return { act: () => succeeds(async () => BYTES.equals((await objects.read('read')).bytes)) };
    },
  },
  {
    name: 'Storage: read bytes',
    service: 'storage',
    method: 'media',
    uses: 'storage.get',
    effect: 'none',
    faults: ['http', 'download'],
    async open(world, timeout) {
      const objects = world.objects(timeout);
      await objects.create(newObject('media'));
      return { act: () => succeeds(async () => BYTES.equals((await objects.read('media')).bytes)) };
    },
  },
  {
    name: 'Storage: label',
    service: 'storage',
    method: 'patch',
    effect: 'idempotent',
    faults: ['http'],
    async open(world, timeout) {
      const objects = world.objects(timeout);
      await objects.create(newObject('label'));
      let number = 0;
      return {
        act: () =>
          succeeds(async () => {
            number += 1;
            const holder = `holder-${number}`;
            // Nothing, when the answer was lost: whoever labels looks then.
            await objects.label('label', await objects.inspect('label'), { holder });
            return (await objects.inspect('label')).custom['holder'] === holder;
          }),
      };
    },
  },
  {
    name: 'Storage: remove',
    service: 'storage',
    method: 'delete',
    effect: 'idempotent',
    faults: ['http'],
    open(world, timeout) {
      const objects = world.objects(timeout);
      let number = 0;
      return {
        act: () =>
          succeeds(async () => {
            number += 1;
            await objects.create(newObject(`remove/${number}`));
            await objects.remove(`remove/${number}`);
            return (await objects.find(`remove/${number}`)) === undefined;
          }),
      };
    },
  },
];

const JOB = 'projects/p/locations/l/jobs/worker';

const RUN: readonly Adapter[] = [
  {
    name: 'Cloud Run: start a job',
    service: 'run',
    method: 'RunJob',
    effect: 'once',
    unclear: 'unknown',
    faults: ['http'],
    except: { RESOURCE_EXHAUSTED: 'a 4xx is a refusal here' },
    open({ jobsStarted, runUrl }, timeout) {
      const jobs = createJobStarter({ job: JOB, endpoint: runUrl, timeout });
      return {
        async act() {
          const start = await jobs.start('task', 'start').catch(() => undefined);
          if (start === undefined) return 'failed';
          return start.kind === 'started' ? 'ok' : 'unknown';
        },
        effects: jobsStarted,
      };
    },
  },
  {
    name: 'Cloud Run: read an execution',
    service: 'run',
    method: 'GetExecution',
    effect: 'none',
    faults: ['http'],
    async open({ runUrl }, timeout) {
      const start = await createJobStarter({ job: JOB, endpoint: runUrl }).start('task', 'read');
      const name = start.kind === 'started' ? start.execution : '';
      const executions = createExecutionReader({ job: JOB, endpoint: runUrl, timeout });
      return { act: () => succeeds(async () => (await executions.status(name)) !== undefined) };
    },
  },
  {
    name: 'Cloud Run: find the execution of a start',
    service: 'run',
    method: 'ListExecutions',
    effect: 'none',
    faults: ['http'],
    async open({ runUrl }, timeout) {
      const start = await createJobStarter({ job: JOB, endpoint: runUrl }).start('task', 'find');
      const executions = createExecutionReader({ job: JOB, endpoint: runUrl, timeout });
      return {
        act: () =>
          succeeds(async () => start.kind === 'started' && (await executions.find('find')) === start.execution),
      };
    },
  },
];

const ISSUER: readonly Adapter[] = [
  {
    name: 'Issuer: key set',
    service: 'issuer',
    method: 'keys',
    effect: 'none',
    faults: ['http'],
    except: { PERMISSION_DENIED: 'any status but 200 may pass', ABORTED: 'the same', UNAUTHENTICATED: 'the same' },
    open: ({ keySetUrl }, timeout) => ({
      // A fresh reader each time, since a set is cached.
      act: () =>
        succeeds(async () => {
          const keys = createIssuerKeys({ url: keySetUrl, clock: systemClock, timeout, wait: async () => undefined });
          return (await keys({ alg: 'RS256', kid: 'k' }, { payload: '', signature: '' })) !== undefined;
        }),
    }),
  },
];

/** A key set's server that obeys the recorder. */
async function startIssuer(recorder: Recorder) {
  const jwks = JSON.stringify({ keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256' }] });
  const server = createServer(async (_request, response) => {
    const fault = await recorder.enter('issuer', 'keys');
    if (fault === undefined) response.end(jwks);
    else if (!isDisconnect(fault.code)) response.writeHead(503).end();
    else if (fault.lost) disconnectMidway(response, { status: 200, headers: {}, body: jwks });
    else disconnect(response);
  });
  return { url: `http://127.0.0.1:${await listen(server)}/keys`, close: () => shut(server) };
}

export const ADAPTERS: readonly Adapter[] = [...KMS, ...IAM, ...FIRESTORE, ...STORAGE, ...RUN, ...ISSUER];
