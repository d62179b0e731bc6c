import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { RunningFunction } from '#shared/http/function.ts';
import type { LogSink } from '#shared/logging/cloud-logging.ts';
import type { Environment } from '#shared/model/config.ts';
import { createAccounts, createProject, emailOf, type Project } from './accounts.ts';
import { createBuckets } from './buckets.ts';
import { bundleOf, startBundle } from './bundles.ts';
import { createMovableClock, type MovableClock } from './clock.ts';
import { createControl } from './control.ts';
import type { DataFolder } from './data-folder.ts';
import { AUDIENCE, environmentOf } from './environment.ts';
import { startFirestore } from './firestore/start.ts';
import { FUNCTIONS } from './functions.ts';
import { createGateway } from './gateway.ts';
import { startIam } from './iam/start.ts';
import { type LocalIdentity, startIdentity } from './identity/start.ts';
import { type Issuer, startIssuer } from './issuer/start.ts';
import { createRsaKeys, type RsaKeys } from './kms/rsa-keys.ts';
import { type Kms, type NewKey, startKms } from './kms/start.ts';
import { listen, shut } from './listen.ts';
import { createPush } from './pubsub/push.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { holdRootCeremony } from './root-ceremony.ts';
import { type Job, startRun } from './run/start.ts';
import { workerJob } from './run/worker-job.ts';
import { createRunFolder, removeStaleRuns } from './run-folder.ts';
import { seed } from './seed.ts';
import type { StoredObject } from './storage/model.ts';
import { startStorage } from './storage/start.ts';
import { type LocalTasks, startTasks } from './tasks/start.ts';

export interface StackOptions {
  /** Where key material and the objects of Cloud Storage are kept. Several stacks may share it. */
  readonly directory: string;
  /** Where RSA private keys come from; those below the directory if not given. */
  readonly rsaKeys?: RsaKeys;
  /** Of the gateway; 0 takes a free one. */
  readonly port?: number;
  /** Of an emulator that is running already. Default: what FIRESTORE and FIRESTORE_EMULATOR_HOST say, else our own. */
  readonly firestoreHost?: string;
  /** A folder that `npm run build` has made: functions and worker run from their bundles, as processes of their own. */
  readonly bundles?: string | undefined;
  readonly log?: LogSink;
  /** What keeps documents, objects and keys from run to run. Default: they end with this one. */
  readonly data?: DataFolder | undefined;
  /** The worker's program and arguments as a JSON array. Default: the demonstration's, which prints the size. */
  readonly workerCommand?: string | undefined;
  /** Of a Stripe webhook endpoint. Default: the one that is known here. */
  readonly stripeSecret?: string | undefined;
  /** Told to whoever waits. */
  readonly say?: (line: string) => void;
}

/** The whole suite on this machine. */
export interface Stack {
  readonly project: Project;
  readonly gateway: string;
  readonly control: string;
  readonly clock: MovableClock;
  readonly recorder: Recorder;
  readonly issuer: Issuer;
  readonly identity: LocalIdentity;
  /** The account that may do everything here. */
  readonly administrator: string;
  /** The root's public key in PEM form, for pinning. */
  readonly rootKey: string;
  /** host:port of listeners that take every call as the administrator's. */
  readonly kms: string;
  readonly iam: string;
  /** Base URL of the JSON API for the administrator. */
  readonly storage: string;
  /** Cloud Tasks; its queue is paused until somebody resumes it. */
  readonly tasks: LocalTasks;
  /** Base URL of Cloud Run's Admin API for one account. */
  readonly run: (email: string) => string;
  readonly firestore: string;
  /** Which Firestore keeps the documents, in words. */
  readonly storesIn: string;
  /** The environment that a function was started with, for starting another instance of it. */
  environment(name: string): Environment;
  close(): Promise<void>;
}

/**
 * Starts the local Google Cloud and all functions in this process. Data,
 * key versions and time are fresh with every start; only key material is kept.
 * @throws Error that says what to do about a taken port or a missing emulator; what was started is ended again
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  // The clients would look for Google's metadata server, of which there is none here.
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  const opened: (() => Promise<unknown>)[] = [];
  const keep = <T extends { close(): Promise<unknown> }>(part: T): T => {
    opened.push(() => part.close());
    return part;
  };
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end().catch(() => undefined);
  };
  try {
    return { ...(await startParts(options, keep)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(
  options: StackOptions,
  keep: <T extends { close(): Promise<unknown> }>(part: T) => T,
): Promise<Omit<Stack, 'close'>> {
  // The port first: that it is taken should be known before a minute of starting has passed.
  const functions: RunningFunction[] = [];
  const gateway = createGateway(functions);
  const port = await listen(gateway, options.port);
  keep({ close: () => shut(gateway) });
  const address = `http://127.0.0.1:${port}`;

  const { data } = options;
  const { project_id = `demo-countersign-${randomBytes(4).toString('hex')}`, clock_offset } = data?.state ?? {};
  const project = createProject(project_id);
  const callers = Object.values(createAccounts(project));
  const clock = createMovableClock(clock_offset, (offset) => data?.save({ clock_offset: offset }));
  const recorder = createRecorder();
  const controlServer = createControl(recorder, clock, project.id);
  const control = `http://127.0.0.1:${await listen(controlServer)}`;
  keep({ close: () => shut(controlServer) });
  const owner = { control, project_id };
  await data?.claim(owner);
  const folder = keep(await createRunFolder(options.directory, owner));
  const { say = () => undefined, rsaKeys = createRsaKeys(join(options.directory, 'keys')) } = options;

  const env = { ...process.env, ...(options.firestoreHost ? { FIRESTORE_EMULATOR_HOST: options.firestoreHost } : {}) };
  const [firestore, kms, iam, issuer] = await Promise.all([
    startFirestore({ callers, clock, recorder, file: data?.documents, env }).then(keep),
    startKms({ callers, clock, recorder, rsaKeys, file: data?.kmsKeys }).then(keep),
    startIam({ callers, recorder }).then(keep),
    startIssuer({ projectId: project.id, audience: AUDIENCE }).then(keep),
    removeStaleRuns(options.directory),
  ]);
  if (data !== undefined && firestore.kind === 'emulator')
    throw new Error("Google's Firestore emulator keeps no documents: --data needs the embedded one");
  const known = new Set(callers.map(({ email }) => email));
  const publicKey = async (email: string) => (known.has(email) ? iam.publicKey(email) : undefined);
  const objects = data === undefined ? { dir: join(folder.path, 'storage') } : { dir: data.objects, kept: true };
  const uploads = keep(
    createPush({
      url: `http://127.0.0.1:${port}/internal/uploads/completed`,
      token: () => issuer.serviceToken({ email: emailOf(project, 'upload-push') }),
      clock,
      recorder,
      projectId: project.id,
      topic: 'upload-completed',
    }),
  );
  const completed = (object: StoredObject) => object.bucket === project.uploadBucket && uploads.notify(object);
  const storage = keep(await startStorage({ ...objects, clock, recorder, callers, publicKey, completed }));
  createBuckets(storage, project);
  await createKeys(kms, project);
  const identity = keep(await startIdentity({ projectId: project.id, callers, issuer, recorder }));
  const administrator = emailOf(project, 'administrator');
  const rootKey = await holdRootCeremony({
    project,
    kms: kms.address(administrator),
    firestore: firestore.host,
    clock,
  });
  await seed({ projectId: project.id, firestore: firestore.host, identity, clock, say });
  const { bundles, log = console.log } = options;
  const worker = (): Job => {
    const job = workerJob(environment('task-worker'));
    return bundles === undefined ? job : { ...job, command: [process.execPath, bundleOf(bundles, 'task-worker')] };
  };
  const findJob = (name: string) => (name === project.workerJob ? worker() : undefined);
  const tasks = keep(
    await startTasks({
      callers,
      clock,
      recorder,
      queue: project.webhookQueue,
      target: () => `http://127.0.0.1:${port}`,
      token: () => issuer.serviceToken({ email: emailOf(project, 'webhook-queue') }),
    }),
  );
  const run = keep(await startRun({ findJob, callers, clock, recorder, log }));

  const consoleApp = bundles === undefined ? await buildConsole(options.directory) : undefined;
  const environment = (name: string): Environment =>
    environmentOf(name, project, {
      rootKey,
      firestore: firestore.address,
      kms: kms.address,
      iam: iam.address,
      storage: storage.baseUrl,
      signedUrls: storage.xmlUrl,
      identity: identity.publicAddress,
      identityApiKey: identity.apiKey,
      gateway: address,
      consoleApp,
      tasks: tasks.address,
      run: run.baseUrl,
      workerCommand: options.workerCommand,
      stripeSecret: options.stripeSecret,
      userJwksUrl: issuer.userJwksUrl,
      serviceJwksUrl: issuer.serviceJwksUrl,
    });
  if (bundles === undefined) {
    for (const { create, name } of FUNCTIONS) functions.push(keep(create(environment(name), clock, options.log)));
  } else {
    const starting = FUNCTIONS.map(({ name }) => startBundle(bundles, name, environment(name), log).then(keep));
    await Promise.allSettled(starting); // those that came up are kept and ended again, also when another did not
    functions.push(...(await Promise.all(starting)));
  }
  return {
    project,
    gateway: address,
    control,
    clock,
    recorder,
    issuer,
    identity,
    administrator,
    rootKey,
    kms: kms.address(administrator),
    iam: iam.address(administrator),
    storage: storage.baseUrl(administrator),
    tasks,
    run: run.baseUrl,
    firestore: firestore.host,
    storesIn: STORES[firestore.kind],
    environment,
  };
}

/** As Terraform makes them, unless an earlier run has. */
async function createKeys(
  kms: Kms,
  { rootKey, directoryKey, signingKey, payloadKey, webhookKey }: Project,
): Promise<void> {
  const keys: readonly NewKey[] = [
    ...[rootKey, directoryKey, signingKey].map(
      (name) => ({ name, purpose: 'ASYMMETRIC_SIGN', algorithm: 'RSA_SIGN_PKCS1_4096_SHA256' }) as const,
    ),
    ...[payloadKey, webhookKey].map(
      (name) => ({ name, purpose: 'ENCRYPT_DECRYPT', algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' }) as const,
    ),
  ];
  for (const key of keys) if (!kms.has(key.name)) await kms.createKey(key);
}

/** Built once for all stacks of a directory; esbuild is loaded where there is something to build. */
async function buildConsole(directory: string): Promise<string> {
  const { refreshConsoleApp } = await import('../scripts/build/console-app.ts');
  const folder = resolve(directory, 'console');
  await refreshConsoleApp(folder);
  return folder;
}

const STORES = {
  embedded: 'documents in the embedded Firestore',
  emulator: "documents in Google's Firestore emulator",
};
