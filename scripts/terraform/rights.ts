import { accountGrants, createProject, emailOf } from '#local/accounts.ts';
import type { Variables } from './variables.ts';

/** By thing, then by account: the permissions, sorted. Things are named as terraform/access.tf names them. */
export type Rights = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** One right of one account, as `local/accounts.ts` declares it. */
export type DeclaredGrants = Readonly<Record<string, readonly (readonly [permission: string, resource: string])[]>>;

const READ = ['datastore.databases.get', 'datastore.entities.get', 'datastore.entities.list'];
const WRITE = ['allocateIds', 'create', 'delete', 'update'].map((verb) => `datastore.entities.${verb}`);

/**
 * Databases, by the variable that names each. These rights follow from who
 * reads the variable. `writers` absent: everyone but the `readers`.
 */
const DATABASES: Readonly<Record<string, { thing: string; readers?: readonly string[]; writers?: readonly string[] }>> =
  {
    // public-keys is the one that everybody reaches, and it writes nothing.
    FIRESTORE_DATABASE: { thing: 'database', readers: ['public-keys'] },
    KEYS_DATABASE: { thing: 'keys_database', writers: ['key-rotation'] },
  };

/** What Google asks for beside a permission that the stand-ins check. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  'run.jobs.runWithOverrides': ['run.jobs.run'],
};

const PROJECT = createProject('example');

/** @throws Error naming a resource that is none of the project's, which Terraform could bind nothing on */
export function readRights(
  environment: Readonly<Record<string, Variables>>,
  declared: DeclaredGrants = accountGrants(PROJECT),
): Rights {
  const rights = new Map<string, Map<string, Set<string>>>();
  const add = (thing: string, account: string, permissions: readonly string[]) => {
    const accounts = rights.get(thing) ?? new Map<string, Set<string>>();
    const known = accounts.get(account) ?? new Set<string>();
    for (const permission of permissions) known.add(permission);
    rights.set(thing, accounts.set(account, known));
  };
  for (const [account, grants] of Object.entries(declared)) {
    for (const [permission, resource] of grants) {
      add(thingOf(account, resource), account, [permission, ...(COMPANIONS[permission] ?? [])]);
    }
  }
  for (const [account, variables] of Object.entries(environment)) {
    for (const [variable, { thing, readers, writers }] of Object.entries(DATABASES)) {
      if (variables[variable] === undefined) continue;
      const writes = writers?.includes(account) ?? !readers?.includes(account);
      add(thing, account, writes ? [...READ, ...WRITE] : READ);
    }
  }
  const sorted = <V>(map: ReadonlyMap<string, V>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    sorted(rights).map(([thing, accounts]) => [
      thing,
      Object.fromEntries(sorted(accounts).map(([account, permissions]) => [account, [...permissions].sort()])),
    ]),
  );
}

/** A member of `Project` in snake case, `account/NAME`, or `project`. */
function thingOf(account: string, resource: string): string {
  for (const [member, value] of Object.entries(PROJECT)) {
    if (member !== 'id' && (resource === value || resource === `projects/_/buckets/${value}`)) return snake(member);
  }
  if (resource === `projects/${PROJECT.id}`) return 'project';
  const name = /^projects\/-\/serviceAccounts\/([^@]+)@/.exec(resource)?.[1];
  if (name !== undefined && resource.endsWith(`/${emailOf(PROJECT, name)}`)) return `account/${name}`;
  throw new Error(
    `local/accounts.ts: ${account} has rights on ${resource}, which is no member of Project; Terraform cannot bind them`,
  );
}

const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Every account that Terraform makes: one a function, one for the job, those with rights, and those of the scheduler, of Pub/Sub's pushes and of the queue. */
export const accountNames = (environment: Readonly<Record<string, Variables>>, rights: Rights): string[] =>
  [
    ...new Set([
      ...Object.keys(environment),
      ...Object.values(rights).flatMap((one) => Object.keys(one)),
      'scheduler',
      'upload-push',
      'webhook-queue',
    ]),
  ].sort();
