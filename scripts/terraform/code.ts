import type * as z from 'zod';
import { workerConfig } from '#functions/task-worker/config.ts';
import { FUNCTIONS } from '#local/functions.ts';
import { CONTRACT } from '#shared/contract/index.ts';
import type { Route } from '#shared/http/route.ts';
import { neededIndexes } from './indexes.ts';
import { type Rights, readRights } from './rights.ts';
import type { Variables } from './variables.ts';

/** The job, beside the functions. */
const WORKER = 'task-worker';

/** What the code says that Terraform is made from. */
export interface Code {
  readonly contract: Readonly<Record<string, readonly Pick<Route, 'path' | 'access'>[]>>;
  /** The variables that production sets: by function, and those of the job. */
  readonly environment: Readonly<Record<string, Variables>>;
  readonly rights: Rights;
  /** Composite indexes, with the query that needs each. */
  readonly indexes: ReadonlyMap<string, string>;
}

/** Google's own addresses: there to be changed where there is no Google. */
const LEFT_TO_DEFAULT = ['USER_JWKS_URL', 'SERVICE_JWKS_URL'];
/** Comes with each execution of the job. */
const PER_EXECUTION = ['TASK_ID', 'TASK_START'];

/** Stand-ins' addresses say of themselves that they are unset in production. */
const setInProduction = (config: z.ZodObject): Variables =>
  Object.fromEntries(
    Object.entries(config.shape)
      .filter(([, schema]) => !(schema.description ?? '').includes('unset in production'))
      .filter(([name]) => !LEFT_TO_DEFAULT.includes(name) && !PER_EXECUTION.includes(name))
      .map(([name, schema]) => [name, schema.safeParse(undefined).success ? 'optional' : 'required'] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

export async function readCode(): Promise<Code> {
  const deployables = [...FUNCTIONS, { name: WORKER, config: workerConfig }];
  const environment = Object.fromEntries(deployables.map(({ name, config }) => [name, setInProduction(config)]));
  return { contract: CONTRACT, environment, rights: readRights(environment), indexes: await neededIndexes() };
}
