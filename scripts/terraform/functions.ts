import { type Code, WORKER } from './code.ts';
import { at, expression, members, type Terraform } from './hcl.ts';

const FILE = 'terraform/functions.tf';
/** Every function has a service, an account, the environment that its schema asks for, and no open door. */
export function checkFunctions(code: Code, terraform: Terraform): string[] {
  return [
    ...checkServices(code, terraform),
    ...checkEnvironment(code, terraform),
    ...checkSchedule(code, terraform),
    ...checkDoors(terraform),
  ];
}

function checkServices({ environment, pipeline }: Code, { locals, modules }: Terraform): string[] {
  const functions = Object.keys(environment).filter((name) => name !== WORKER);
  const services = members(locals['functions']).map(([name]) => name);
  const accounts = members(locals['accounts']).map(([name]) => name);
  const service = modules.find(({ name }) => name === 'function')?.body;
  const wiring: [string, string][] = [
    ['for_each', 'local.functions'],
    ['name', 'each.key'],
    ['account', 'google_service_account.this[each.key].email'],
  ];
  const deployed = /_FUNCTIONS: "([^"]*)"/.exec(pipeline)?.[1]?.split(' ') ?? [];
  return [
    ...without(functions, services).map((name) => `${FILE}: add ${name} to local.functions`),
    ...without(services, functions).map((name) => `${FILE}: ${name} is no function; take it out of local.functions`),
    ...without([...functions, WORKER], accounts).map((name) => `terraform/accounts.tf: add an account for ${name}`),
    ...without([...functions, WORKER], deployed).map((name) => `cloudbuild.yaml: add ${name} to _FUNCTIONS`),
    ...without(deployed, [...functions, WORKER]).map((name) => `cloudbuild.yaml: take ${name} out of _FUNCTIONS`),
    ...wiring
      .filter(([argument, text]) => at(service, argument) !== expression(text))
      .map(([argument, text]) => `${FILE}: ${argument} of module.function must be ${text}`),
  ];
}

const ENVIRONMENT =
  'merge(local.common_environment, merge([for group in each.value.shares : local.shared_environment[group]]...), each.value.environment)';

function checkEnvironment({ environment }: Code, { locals, modules }: Terraform): string[] {
  const names = (value: unknown) => members(value).map(([name]) => name);
  const given = new Map(
    members(locals['functions']).map(([name, settings]) => {
      const shares = at(settings, 'shares');
      const groups = Array.isArray(shares) ? shares.map(String) : [];
      const shared = groups.flatMap((group) => names(at(locals['shared_environment'], group)));
      return [name, [...names(locals['common_environment']), ...shared, ...names(at(settings, 'environment'))]];
    }),
  );
  given.set(WORKER, names(locals['worker_environment']));
  const passed = modules.find(({ name }) => name === 'function')?.body;
  return [
    ...Object.entries(environment).flatMap(([name, wanted]) => {
      const there = given.get(name);
      if (there === undefined) return [];
      return [
        ...without(wanted, there).map((one) => `${FILE}: ${name} reads ${one}; add it to its environment`),
        ...without(there, wanted).map((one) => `${FILE}: ${name} does not read ${one}; take it out of its environment`),
      ];
    }),
    ...(at(passed, 'environment') === expression(ENVIRONMENT)
      ? []
      : [`${FILE}: environment of module.function must be ${ENVIRONMENT}`]),
  ];
}

function checkSchedule({ contract }: Code, { locals }: Terraform): string[] {
  const targets = members(locals['schedule']).map(([, job]) => `${at(job, 'function')} ${at(job, 'path')}`);
  const internal = Object.entries(contract).flatMap(([name, routes]) =>
    routes.filter(({ access }) => access.every((who) => who === 'scheduler')).map(({ path }) => `${name} ${path}`),
  );
  return [
    ...without(internal, targets).map((route) => `${FILE}: add a job to local.schedule that calls ${route}`),
    ...without(targets, internal).map((route) => `${FILE}: a job in local.schedule calls ${route}, which is no route`),
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

export const without = (all: readonly string[], taken: readonly string[]): string[] =>
  [...new Set(all)].filter((one) => !taken.includes(one));
