import { CONTRACT } from '#shared/contract/index.ts';
import type { Environment } from '#shared/model/config.ts';
import { SERVICE_SCOPES } from '#shared/model/principal.ts';
import { emailOf, type Project } from './accounts.ts';
import { DEMONSTRATION_COMMAND } from './run/worker-job.ts';

/** Endpoints of the local Google Cloud, and what else is settled when it starts. */
export interface Endpoints {
  /** The root's public key in PEM form. */
  readonly rootKey: string;
  readonly firestore: (email: string) => string;
  readonly kms: (email: string) => string;
  readonly iam: (email: string) => string;
  /** Base URL of the JSON API. */
  readonly storage: (email: string) => string;
  /** Where signed URLs lead: scheme, host and port. */
  readonly signedUrls: string;
  /** host:port for people. */
  readonly identity: string;
  readonly identityApiKey: string;
  /** The gateway's address: the console checks that requests come from there. */
  readonly gateway: string;
  /** The folder of the console's app; undefined for a bundle, which has it. */
  readonly consoleApp: string | undefined;
  readonly tasks: (email: string) => string;
  /** Base URL of Cloud Run's Admin API. */
  readonly run: (email: string) => string;
  /** The worker's program and arguments as a JSON array; undefined for the demonstration's. */
  readonly workerCommand: string | undefined;
  /** Of a Stripe webhook endpoint; undefined for the one that is known here. */
  readonly stripeSecret: string | undefined;
  readonly userJwksUrl: string;
  readonly serviceJwksUrl: string;
}

/** The one audience of service tokens. */
export const AUDIENCE = 'https://countersign.example';

/** The same at each start, or data that is kept would lose its imported keys. It guards nothing here. */
const IMPORTED_KEY_PEPPER = 'a pepper for the local suite alone';

/** Signs the events of a Stripe account that nobody has, so that they can be tried: docs/billing.md. */
export const STRIPE_TEST_SECRET = 'whsec_a_secret_for_the_local_suite_alone';

/** The environment of one function: the same variables as in production, with local endpoints. */
export function environmentOf(name: string, project: Project, endpoints: Endpoints): Environment {
  const email = emailOf(project, name);
  return {
    PROJECT_ID: project.id,
    SERVICE_AUDIENCE: AUDIENCE,
    SERVICE_ACCOUNTS: serviceAccounts(name, project),
    SCHEDULER_ACCOUNTS: schedulerAccounts(name, project),
    USER_JWKS_URL: endpoints.userJwksUrl,
    // The staff token of the stack file is good for twelve hours.
    STAFF_SIGN_IN_MINUTES: '720',
    SERVICE_JWKS_URL: endpoints.serviceJwksUrl,
    TOKEN_ISSUER: AUDIENCE,
    FIRESTORE_ENDPOINT: endpoints.firestore(email),
    ROOT_KEYS: endpoints.rootKey,
    IMPORTED_KEYS: 'on',
    IMPORTED_KEY_PEPPER,
    DIRECTORY_KEY: project.directoryKey,
    SIGNING_KEY: project.signingKey,
    KMS_ENDPOINT: endpoints.kms(email),
    IAM_ENDPOINT: endpoints.iam(email),
    STORAGE_ENDPOINT: endpoints.storage(email),
    SIGNING_ACCOUNT: email,
    STRIPE_WEBHOOK_SECRET: endpoints.stripeSecret ?? STRIPE_TEST_SECRET,
    UPLOAD_BUCKET: project.uploadBucket,
    STORAGE_URL_ORIGIN: endpoints.signedUrls,
    PAYLOAD_KEY: project.payloadKey,
    PAYLOAD_BUCKET: project.payloadBucket,
    WEBHOOK_KEY: project.webhookKey,
    WEBHOOK_QUEUE: project.webhookQueue,
    TASKS_ENDPOINT: endpoints.tasks(email),
    WEBHOOK_ALLOW_LOOPBACK: process.env['WEBHOOK_ALLOW_LOOPBACK'] ?? 'true',
    WORKER_JOB: project.workerJob,
    WORKER_COMMAND: endpoints.workerCommand ?? JSON.stringify(DEMONSTRATION_COMMAND),
    CONSOLE_ORIGIN: endpoints.gateway,
    CONSOLE_APP: endpoints.consoleApp,
    IDENTITY_API_KEY: endpoints.identityApiKey,
    IDENTITY_ENDPOINT: endpoints.identity,
    DISPATCHER_ACCOUNT: emailOf(project, 'task-dispatcher'),
    // The stand-ins identify an account by its listener, so acting as the dispatcher means using its listener.
    RUN_ENDPOINT: endpoints.run(emailOf(project, 'task-dispatcher')),
  };
}

/** Accounts that call the `/internal` routes of one function, beside the scheduler: a queue, or Pub/Sub's. */
const CALLERS: Readonly<Record<string, readonly string[]>> = {
  'upload-events': ['upload-push'],
  'webhook-delivery': ['webhook-queue'],
};

function schedulerAccounts(name: string, project: Project): string {
  const accounts = ['scheduler', ...(CALLERS[name] ?? [])];
  return accounts.map((account) => emailOf(project, account)).join(',');
}

/**
 * A back end with every scope, and one for each alone. A function is given only those that one of its routes asks for.
 */
function serviceAccounts(name: string, project: Project): string {
  const routes = CONTRACT[name] ?? [];
  const scopes = SERVICE_SCOPES.filter((scope) => routes.some(({ access }) => access.includes(`service:${scope}`)));
  const all = scopes.length === 0 ? [] : [`${emailOf(project, 'backend')}=${scopes.join('+')}`];
  return [...all, ...scopes.map((scope) => `${emailOf(project, `backend-${scope}`)}=${scope}`)].join(',');
}
