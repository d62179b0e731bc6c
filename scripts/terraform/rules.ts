import type { Code } from './code.ts';
import { at, members, readVariables, type Terraform } from './hcl.ts';
import { checkReplacement } from './replacement.ts';
import type { Variables } from './variables.ts';

/** @returns a line for each fault, which says what to do about it: policy, and what only a person can decide */
export async function checkRules(code: Code, terraform: Terraform): Promise<string[]> {
  return [
    ...checkValues(code.environment, terraform),
    ...checkTimetable(code.contract, terraform),
    ...checkDoors(terraform),
    ...checkRoles(terraform),
    ...checkReplacement(terraform),
    ...(await checkEnvironments(terraform)),
  ];
}

const names = (value: unknown): string[] => members(value).map(([name]) => name);

/** Every required variable has a value in environment.tf, and every value there is somebody's. */
function checkValues(environment: Code['environment'], { locals }: Terraform): string[] {
  const shared = [...names(locals['values']), ...names(locals['late_values'])];
  const readers = (variable: string) => Object.values(environment).some((variables) => variable in variables);
  const missing = Object.entries(environment).flatMap(([name, variables]: [string, Variables]) =>
    Object.keys(variables)
      .filter((variable) => variables[variable] === 'required')
      .filter((variable) => !shared.includes(variable))
      .map(
        (variable) => `terraform/environment.tf: ${name} does not start without ${variable}; add it to local.values`,
      ),
  );
  const unread = shared
    .filter((variable) => !readers(variable))
    .map((variable) => `terraform/environment.tf: nothing reads ${variable}; take it out of local.values`);
  return [...missing, ...unread];
}

/** When each internal route is called is nowhere in the code. */
function checkTimetable(contract: Code['contract'], { locals }: Terraform): string[] {
  const planned = ['timetable', 'queued', 'pushed'].flatMap((name) => names(locals[name]));
  const internal = Object.values(contract).flatMap((routes) =>
    routes.filter(({ access }) => access.every((who) => who === 'scheduler')).map(({ path }) => path),
  );
  return [
    ...without(internal, planned).map(
      (path) =>
        `terraform/functions.tf: say in local.timetable when ${path} is called, or in local.queued by which queue`,
    ),
    ...without(planned, internal).map(
      (path) => `terraform/functions.tf: local.timetable has ${path}, which is no route`,
    ),
  ];
}

/** What cannot be had again. */
const KEPT = ['google_kms_key_ring', 'google_kms_crypto_key', 'google_firestore_database'];

/** Whom the route table calls anyone comes in by the load balancer; there is no other way in. */
function checkDoors({ resources }: Terraform): string[] {
  return resources.flatMap(({ file, type, name, body }) => {
    const where = `terraform/${file}: ${type}.${name}`;
    const faults: string[] = [];
    if (/\ball(Authenticated)?Users\b/.test(JSON.stringify(body))) {
      faults.push(`${where} is open to everybody; name accounts instead`);
    }
    if (type === 'google_cloud_run_v2_service' && at(body, 'ingress') !== 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER') {
      faults.push(`${where}: ingress must be INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER`);
    }
    if (type === 'google_storage_bucket' && at(body, 'public_access_prevention') !== 'enforced') {
      faults.push(`${where}: public_access_prevention must be enforced`);
    }
    if (KEPT.includes(type) && at(body, 'lifecycle', 'prevent_destroy') !== true) {
      faults.push(`${where}: its lifecycle must have prevent_destroy = true`);
    }
    return faults;
  });
}

/** Roles that Google defines and that are bound outside of rights.json: the pipeline's, and those of Google's agents. */
const PREDEFINED = new Set([
  'roles/artifactregistry.reader',
  'roles/artifactregistry.writer',
  'roles/cloudkms.cryptoKeyEncrypterDecrypter',
  'roles/iam.serviceAccountOpenIdTokenCreator',
  'roles/iam.serviceAccountUser',
  'roles/pubsub.publisher',
  'roles/run.developer',
  'roles/secretmanager.secretAccessor',
  'roles/storage.admin',
  'roles/storage.objectViewer',
]);

/** A function's rights are those of rights.json; another role is a question to be asked. */
function checkRoles({ resources }: Terraform): string[] {
  return resources
    .filter(({ type }) => /_iam_(member|binding|policy)$/.test(type))
    .flatMap(({ file, type, name, body }) => {
      const role = String(at(body, 'role') ?? '');
      const where = `terraform/${file}: ${type}.${name}`;
      if (file === 'access.tf') {
        return role.includes('google_project_iam_custom_role.this[')
          ? []
          : [`${where}: role must be one of google_project_iam_custom_role.this, which rights.json makes`];
      }
      const onProject = /^google_(project|folder|organization)_iam_/.test(type);
      if (PREDEFINED.has(role) && !onProject) return [];
      return [
        `${where} binds ${role}; declare the right in local/accounts.ts, or add the role to scripts/terraform/rules.ts`,
      ];
    });
}

/** The examples name no variable that is not there. */
async function checkEnvironments({ texts, variables }: Terraform): Promise<string[]> {
  const files = [...texts].filter(([file]) => file.endsWith('.tfvars'));
  const faults = files.map(async ([file, text]) =>
    without(await readVariables(file, text), variables).map((name) => `terraform/${file}: ${name} is no variable`),
  );
  return (await Promise.all(faults)).flat();
}

const without = (all: readonly string[], taken: readonly string[]): string[] =>
  [...new Set(all)].filter((one) => !taken.includes(one));
