import { type Caller, createCaller, type Grant } from './caller.ts';

/** The names of the things in one local Google Cloud project. */
export interface Project {
  readonly id: string;
  readonly rootKey: string;
  readonly directoryKey: string;
  readonly signingKey: string;
  readonly payloadKey: string;
  readonly payloadBucket: string;
  readonly workerJob: string;
  readonly uploadBucket: string;
  readonly webhookKey: string;
  readonly webhookQueue: string;
}

export function createProject(id: string): Project {
  const keyRing = `projects/${id}/locations/global/keyRings/countersign`;
  return {
    id,
    rootKey: `${keyRing}/cryptoKeys/license-root`,
    directoryKey: `${keyRing}/cryptoKeys/license-directory`,
    signingKey: `${keyRing}/cryptoKeys/license-signing`,
    payloadKey: `${keyRing}/cryptoKeys/task-payloads`,
    payloadBucket: `${id}-payloads`,
    workerJob: `projects/${id}/locations/global/jobs/task-worker`,
    uploadBucket: `${id}-uploads`,
    webhookKey: `${keyRing}/cryptoKeys/webhook-secrets`,
    webhookQueue: `projects/${id}/locations/global/queues/webhook-deliveries`,
  };
}

export const emailOf = (project: Project, account: string): string =>
  `${account}@${project.id}.iam.gserviceaccount.com`;

/**
 * The rights of each service account, in production and here: the stand-ins enforce them, and terraform/rights.json is
 * written from them (scripts/check-terraform.ts --write). Terraform's rights on databases follow from the environment
 * instead, and a test compares them with `documentGrants`.
 */
export function accountGrants(project: Project): Readonly<Record<string, readonly Grant[]>> {
  const { directoryKey, signingKey, payloadKey, payloadBucket, workerJob, webhookKey, webhookQueue } = project;
  const readKeys: Grant[] = [
    ['cloudkms.cryptoKeyVersions.list', signingKey],
    ['cloudkms.cryptoKeyVersions.viewPublicKey', signingKey],
  ];
  return {
    'license-signing': [['cloudkms.cryptoKeyVersions.useToSign', signingKey]],
    seats: [['cloudkms.cryptoKeyVersions.useToSign', signingKey]],
    'public-keys': [],
    billing: [['cloudtasks.tasks.create', webhookQueue]],
    /** Seals the secrets of webhooks, and cannot open them. */
    admin: [
      ['cloudkms.cryptoKeyVersions.useToEncrypt', webhookKey],
      ['cloudtasks.tasks.create', webhookQueue],
    ],
    'webhook-delivery': [
      ['cloudkms.cryptoKeyVersions.useToDecrypt', webhookKey],
      ['cloudtasks.tasks.create', webhookQueue],
    ],
    /** Whose token the queue sends; it may do nothing else. */
    'webhook-queue': [],
    'upload-events': [],
    'session-reaper': [],
    'key-rotation': [
      ...readKeys,
      ['cloudkms.cryptoKeyVersions.create', signingKey],
      ['cloudkms.cryptoKeyVersions.update', signingKey],
      // It makes versions and uses none; what it signs is the list of them.
      ['cloudkms.cryptoKeyVersions.useToSign', directoryKey],
    ],
    docs: [],
    console: [],
    'signed-urls': [
      ['iam.serviceAccounts.signBlob', `projects/-/serviceAccounts/${emailOf(project, 'signed-urls')}`],
      // Its URLs act with its rights; overwriting an object needs the right to delete.
      ...onObjects(project.uploadBucket, 'create', 'get', 'delete'),
    ],
    /** Seals payloads; cannot decrypt or read them. */
    'task-payloads': [
      ['cloudkms.cryptoKeyVersions.useToEncrypt', payloadKey],
      ...onObjects(payloadBucket, 'create', 'list', 'delete'),
      // Acts as the dispatcher to start the job; here the dispatcher's listener is what it is given.
      ['iam.serviceAccounts.getAccessToken', `projects/-/serviceAccounts/${emailOf(project, 'task-dispatcher')}`],
    ],
    /** Starts jobs. It can set the job's environment and so run code as the worker: it is as powerful as the worker. */
    'task-dispatcher': [
      ['run.jobs.runWithOverrides', workerJob],
      // Whether an execution has ended and how, and which one belongs to a start whose answer was lost.
      ['run.executions.get', workerJob],
      ['run.executions.list', workerJob],
      ['run.tasks.list', workerJob],
    ],
    /**
     * Opens payloads; cannot seal, create or list, so it reads only the task whose id it was given. It claims a task by
     * an update of the object's metadata, which is no right to its bytes.
     */
    'task-worker': [
      ['cloudkms.cryptoKeyVersions.useToDecrypt', payloadKey],
      ...onObjects(payloadBucket, 'get', 'update', 'delete'),
    ],
  };
}

/** One service account a function, each with its rights and no others, and one that may do everything here. */
export function createAccounts(project: Project): Readonly<Record<string, Caller>> {
  const grants: Readonly<Record<string, readonly Grant[]>> = {
    ...accountGrants(project),
    administrator: [['*', '*']],
  };
  const documents = documentGrants(project);
  return Object.fromEntries(
    Object.entries(grants).map(([name, list]) => [
      name,
      createCaller(emailOf(project, name), [...list, ...(documents[name] ?? [])]),
    ]),
  );
}

const onObjects = (bucket: string, ...verbs: readonly string[]): Grant[] =>
  verbs.map((verb) => [`storage.objects.${verb}`, `projects/_/buckets/${bucket}`]);

const READ = ['get', 'list'];
const WRITE = [...READ, 'create', 'update', 'delete'];

/** What each account may do with documents, by the databases' ids. Google's emulator knows no accounts. */
const DOCUMENTS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  '(default)': {
    admin: WRITE,
    billing: WRITE,
    'upload-events': WRITE,
    console: WRITE,
    'license-signing': WRITE,
    seats: WRITE,
    'session-reaper': WRITE,
    'signed-urls': WRITE,
    'task-payloads': WRITE,
    'webhook-delivery': WRITE,
  },
  keys: {
    console: READ,
    'key-rotation': WRITE,
    'license-signing': READ,
    'public-keys': READ,
    seats: READ,
    'webhook-delivery': READ,
  },
};

export function documentGrants({ id }: Pick<Project, 'id'>): Readonly<Record<string, readonly Grant[]>> {
  const grants: Record<string, Grant[]> = {};
  for (const [database, accounts] of Object.entries(DOCUMENTS)) {
    for (const [account, verbs] of Object.entries(accounts)) {
      const own = verbs.map((verb): Grant => [`datastore.entities.${verb}`, `projects/${id}/databases/${database}`]);
      grants[account] = [...(grants[account] ?? []), ...own];
    }
  }
  return grants;
}
