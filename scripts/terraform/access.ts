import type { Code } from './code.ts';
import { at, type Block, expression, members, type Terraform } from './hcl.ts';

const FILE = 'terraform/access.tf';
/** Predefined roles that we bind, and for the sake of which permissions; another role is a question to be asked. */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  'roles/cloudkms.signerVerifier': ['cloudkms.cryptoKeyVersions.useToSign', 'cloudkms.cryptoKeyVersions.viewPublicKey'],
  'roles/cloudkms.cryptoKeyEncrypter': ['cloudkms.cryptoKeyVersions.useToEncrypt'],
  'roles/cloudkms.cryptoKeyDecrypter': ['cloudkms.cryptoKeyVersions.useToDecrypt'],
  'roles/datastore.user': ['datastore.entities.read', 'datastore.entities.write'],
  'roles/datastore.viewer': ['datastore.entities.read'],
  'roles/iam.serviceAccountTokenCreator': ['iam.serviceAccounts.signBlob'],
  'roles/run.jobsExecutorWithOverrides': ['run.jobs.runWithOverrides'],
  'roles/storage.objectUser': ['storage.objects.create', 'storage.objects.get', 'storage.objects.delete'],
};

/** Each thing's binding in access.tf: on the thing itself, each grant one member, by account. */
const BINDINGS: Readonly<Record<string, { readonly type: string; readonly on: string; readonly target: string }>> = {
  signing_key: { type: 'google_kms_crypto_key_iam_member', on: 'crypto_key_id', target: 'module.signing_key.id' },
  payload_key: {
    type: 'google_kms_crypto_key_iam_member',
    on: 'crypto_key_id',
    target: 'module.payload_key[each.value.region].id',
  },
  payload_bucket: { type: 'google_storage_bucket_iam_member', on: 'bucket', target: 'module.storage.payload_bucket' },
  upload_bucket: { type: 'google_storage_bucket_iam_member', on: 'bucket', target: 'module.storage.upload_bucket' },
  worker_job: { type: 'google_cloud_run_v2_job_iam_member', on: 'name', target: 'module.worker.name' },
  signed_urls_account: {
    type: 'google_service_account_iam_member',
    on: 'service_account_id',
    target: 'google_service_account.this["signed-urls"].name',
  },
  dispatcher_account: {
    type: 'google_service_account_iam_member',
    on: 'service_account_id',
    target: 'google_service_account.this["task-dispatcher"].name',
  },
  database: { type: 'google_project_iam_member', on: 'project', target: 'var.project_id' },
  users: { type: 'google_project_iam_member', on: 'project', target: 'var.project_id' },
};

/** Bindings that are no function's: of the pipeline, and of Google's own agent. Resource and role. */
const ELSEWHERE = new Set([
  'modules/ci/main.tf google_artifact_registry_repository_iam_member.deployer roles/artifactregistry.writer',
  'modules/ci/main.tf google_cloud_run_v2_job_iam_member.deployer roles/run.developer',
  'modules/ci/main.tf google_cloud_run_v2_service_iam_member.deployer roles/run.developer',
  'modules/ci/main.tf google_secret_manager_secret_iam_member.license_key roles/secretmanager.secretAccessor',
  'modules/ci/main.tf google_service_account_iam_member.act_as roles/iam.serviceAccountUser',
  'modules/ci/main.tf google_service_account_iam_member.token roles/iam.serviceAccountOpenIdTokenCreator',
  'modules/ci/main.tf google_storage_bucket_iam_member.logs roles/storage.admin',
  'modules/storage/main.tf google_kms_crypto_key_iam_member.bucket roles/cloudkms.cryptoKeyEncrypterDecrypter',
]);

/** Firestore and Identity Platform know no resource below the project; nothing else is bound on it. */
const DATABASE_ALONE = `resource.name == "projects/${expression('var.project_id')}/databases/${expression('local.database')}"`;

/** Each account has in production the rights that the stand-ins give it, on the thing itself, and no others. */
export function checkAccess(code: Code, terraform: Terraform): string[] {
  const { grants, unknown } = readGrants(terraform);
  const wanted = [
    ...code.rights.map(({ account, thing, permission }) => line(account, thing, permission)),
    ...beyond(code),
  ];
  return [
    ...unknown,
    ...grants
      .filter((one) => !wanted.includes(one.key))
      .map(
        ({ key, role }) => `${FILE}: ${key} (by ${role}) is more than local/accounts.ts gives it; bind a smaller role`,
      ),
    ...[...new Set(wanted)]
      .filter((key) => !grants.some((one) => one.key === key))
      .map((key) => `${FILE}: add to local.grants a role for ${key}, which local/accounts.ts gives it`),
    ...checkBindings(terraform),
  ];
}

const line = (account: string, thing: string, permission: string) => `${account} on ${thing}: ${permission}`;

/** The archived public keys are all that it wants of Firestore, and it is the one that everybody reaches. */
const READS_ALONE = ['public-keys'];

/** What no stand-in checks: the emulator knows no accounts, and acting as another one is a listener there. */
function beyond({ environment }: Code): string[] {
  const readers = (variable: string) =>
    Object.entries(environment)
      .filter(([, names]) => names.includes(variable))
      .map(([name]) => name);
  return [
    ...readers('FIRESTORE_DATABASE').flatMap((name) =>
      (READS_ALONE.includes(name) ? ['read'] : ['read', 'write']).map((verb) =>
        line(name, 'database', `datastore.entities.${verb}`),
      ),
    ),
    ...readers('DISPATCHER_ACCOUNT').map((name) =>
      line(name, 'dispatcher_account', 'iam.serviceAccounts.getAccessToken'),
    ),
    ...['get', 'update'].map((verb) => line('admin', 'users', `firebaseauth.users.${verb}`)),
  ];
}

interface Granted {
  readonly key: string;
  readonly role: string;
}

function readGrants({ locals, resources }: Terraform): { grants: Granted[]; unknown: string[] } {
  const unknown: string[] = [];
  const permissionsOf = (role: string): readonly string[] => {
    const own = /google_project_iam_custom_role\.(\w+)\.id/.exec(role)?.[1];
    const custom = resources.find(({ type, name }) => type === 'google_project_iam_custom_role' && name === own);
    const listed = at(custom?.body, 'permissions');
    if (Array.isArray(listed)) return listed.map(String);
    if (ROLES[role] === undefined)
      unknown.push(
        `${FILE}: ${role} is not one of the roles that scripts/terraform/access.ts knows; bind a smaller one, or add it there`,
      );
    return ROLES[role] ?? [];
  };
  const grants = members(locals['grants']).flatMap(([thing, accounts]) =>
    members(accounts).flatMap(([account, roles]) =>
      members(roles).flatMap(([, role]) =>
        permissionsOf(String(role)).map((permission) => ({
          key: line(account, thing, permission),
          role: String(role),
        })),
      ),
    ),
  );
  return { grants, unknown };
}

function checkBindings({ resources, locals }: Terraform): string[] {
  const iam = resources.filter(({ type }) => /_iam_(member|binding|policy)$/.test(type));
  const things = members(locals['grants']).map(([thing]) => thing);
  return [
    ...iam.flatMap((one) => checkBinding(one)),
    ...things
      .filter((thing) => !iam.some(({ file, name }) => file === 'access.tf' && name === thing))
      .map((thing) => `${FILE}: local.grants.${thing} is bound by no resource of that name`),
  ];
}

function checkBinding({ file, type, name, body }: Block): string[] {
  const where = `terraform/${file}: ${type}.${name}`;
  if (ELSEWHERE.has(`${file} ${type}.${name} ${at(body, 'role')}`)) return [];
  const binding = file === 'access.tf' ? BINDINGS[name] : undefined;
  if (binding === undefined || binding.type !== type) {
    return [
      `${where} (${at(body, 'role')}) is a binding of its own; put it into local.grants, or add it to scripts/terraform/access.ts`,
    ];
  }
  const source = JSON.stringify(at(body, 'for_each') ?? '');
  const faults: string[] = [];
  if (!source.includes(`local.bindings.${name}`))
    faults.push(`${where}: for_each must come from local.bindings.${name}`);
  if (at(body, binding.on) !== expression(binding.target))
    faults.push(`${where}: ${binding.on} must be ${binding.target}`);
  if (at(body, 'role') !== expression('each.value.role')) faults.push(`${where}: role must be each.value.role`);
  if (at(body, 'member') !== expression('google_service_account.this[each.value.account].member')) {
    faults.push(`${where}: member must be google_service_account.this[each.value.account].member`);
  }
  if (name === 'database' && at(body, 'condition', 'expression') !== DATABASE_ALONE) {
    faults.push(`${where}: its condition must hold it to the one database: ${DATABASE_ALONE}`);
  }
  return faults;
}
