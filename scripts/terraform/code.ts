import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { workerConfig } from '#functions/task-worker/config.ts';
import { createAccounts, createProject, emailOf } from '#local/accounts.ts';
import { FUNCTIONS } from '#local/functions.ts';
import { CONTRACT } from '#shared/contract/index.ts';
import type { Route } from '#shared/http/route.ts';
import { ROOT } from '../sources.ts';
import { neededIndexes } from './indexes.ts';

/** The job, beside the functions. */
export const WORKER = 'task-worker';

/** One right of one account, as the stand-ins of Google Cloud check it. */
export interface Right {
  readonly account: string;
  readonly permission: string;
  /** As `local.grants` in terraform/access.tf calls it. */
  readonly thing: string;
}

/** What the code says that Terraform has to agree with. */
export interface Code {
  readonly contract: Readonly<Record<string, readonly Pick<Route, 'path' | 'access'>[]>>;
  /** The variables that production sets, by function, and those of the job. */
  readonly environment: Readonly<Record<string, readonly string[]>>;
  readonly rights: readonly Right[];
  /** Composite indexes, with the query that needs each. */
  readonly indexes: ReadonlyMap<string, string>;
  /** The steps of the pipeline. */
  readonly pipeline: string;
}

/** Google's own addresses: there to be changed where there is no Google. */
const LEFT_TO_DEFAULT = ['USER_JWKS_URL', 'SERVICE_JWKS_URL'];
/** Comes with each execution of the job. */
const PER_EXECUTION = ['TASK_ID'];

/** Stand-ins' addresses say of themselves that they are unset in production. */
export const setInProduction = (config: z.ZodObject): string[] =>
  Object.entries(config.shape)
    .filter(([, schema]) => !(schema.description ?? '').includes('unset in production'))
    .map(([name]) => name)
    .filter((name) => !LEFT_TO_DEFAULT.includes(name) && !PER_EXECUTION.includes(name))
    .sort();

/** What the stand-ins can tell apart; what none of them knows is in `access.ts`. */
const PERMISSIONS = [
  ...['list', 'viewPublicKey', 'useToSign', 'useToEncrypt', 'useToDecrypt', 'create', 'update', 'destroy'].map(
    (verb) => `cloudkms.cryptoKeyVersions.${verb}`,
  ),
  ...['create', 'get', 'list', 'update', 'delete'].map((verb) => `storage.objects.${verb}`),
  'iam.serviceAccounts.signBlob',
  'run.jobs.runWithOverrides',
];

function standInRights(): Right[] {
  const project = createProject('example');
  const things = {
    signing_key: project.signingKey,
    payload_key: project.payloadKey,
    payload_bucket: `projects/_/buckets/${project.payloadBucket}`,
    upload_bucket: `projects/_/buckets/${project.uploadBucket}`,
    worker_job: project.workerJob,
    signed_urls_account: `projects/-/serviceAccounts/${emailOf(project, 'signed-urls')}`,
  };
  const { administrator: _, ...accounts } = createAccounts(project);
  return Object.entries(accounts).flatMap(([account, caller]) =>
    Object.entries(things).flatMap(([thing, resource]) =>
      PERMISSIONS.filter((permission) => caller.may(permission, resource)).map((permission) => ({
        account,
        permission,
        thing,
      })),
    ),
  );
}

export async function readCode(): Promise<Code> {
  const deployables = [...FUNCTIONS, { name: WORKER, config: workerConfig }];
  return {
    contract: CONTRACT,
    environment: Object.fromEntries(deployables.map(({ name, config }) => [name, setInProduction(config)])),
    rights: standInRights(),
    indexes: await neededIndexes(),
    pipeline: readFileSync(join(ROOT, 'cloudbuild.yaml'), 'utf8'),
  };
}
