import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkTerraform } from '../../../scripts/terraform/check.ts';
import { type Code, readCode } from '../../../scripts/terraform/code.ts';
import { createReader, expression, readTexts } from '../../../scripts/terraform/hcl.ts';
import { routeFile } from '../../../scripts/terraform/routes.ts';

const ROOT = join(import.meta.dirname, '../../..');

const readTerraform = createReader();
let code: Code;
let texts: ReadonlyMap<string, string>;
/** What is wrong before anything is changed, which one test is about and the others are not. */
let before: readonly string[];

beforeAll(async () => {
  code = await readCode();
  texts = readTexts(join(ROOT, 'terraform'));
  before = await checkTerraform(code, await readTerraform(texts));
});

/** The faults that come by another text. */
async function withText(file: string, text: string): Promise<string[]> {
  const faults = await checkTerraform(code, await readTerraform(new Map(texts).set(file, text)));
  return faults.filter((fault) => !before.includes(fault));
}

/** The faults that come by one piece of a text in place of another. */
async function changed(file: string, from: string, to: string): Promise<string[]> {
  const text = texts.get(file) ?? '';
  expect(text.split(from), `${file} has "${from}" once`).toHaveLength(2);
  return withText(file, text.replace(from, to));
}

/** The faults that come by other code. */
async function withCode(change: Partial<Code>): Promise<string[]> {
  const faults = await checkTerraform({ ...code, ...change }, await readTerraform(texts));
  return faults.filter((fault) => !before.includes(fault));
}

test('what is there is in order', () => {
  expect(before).toEqual([]);
});

describe('routes', () => {
  const WRITE = 'run node scripts/check-terraform.ts --write';

  test('one that was renamed', async () => {
    const seats = (code.contract['seats'] ?? []).map((route) =>
      route.path === '/api/v1/licenses/release' ? { ...route, path: '/api/v1/licenses/return' } : route,
    );
    expect(await withCode({ contract: { ...code.contract, seats } })).toEqual([
      `terraform/routes.json: differs from the route table (no /api/v1/licenses/return, /api/v1/licenses/return/); ${WRITE}`,
    ]);
  });

  test('one without its trailing slash', async () => {
    expect(await changed('routes.json', '    "/signed-url": "signed-urls",\n', '')).toEqual([
      `terraform/routes.json: differs from the route table (no /signed-url); ${WRITE}`,
    ]);
  });

  test('one that leads to another function', async () => {
    expect(await changed('routes.json', '"/signed-url": "signed-urls"', '"/signed-url": "admin"')).toEqual([
      `terraform/routes.json: differs from the route table; ${WRITE}`,
    ]);
  });

  test('two functions that want one pattern', async () => {
    const contract = {
      'session-reaper': code.contract['session-reaper'] ?? [],
      'key-rotation': code.contract['key-rotation'] ?? [],
      one: [{ path: '/api/v1/things/{id}', access: ['anyone' as const] }],
      two: [{ path: '/api/v1/things/{id}/parts', access: ['anyone' as const] }],
    };
    expect(await withCode({ contract })).toContain(
      "shared/contract: /api/v1/things/x is one's, and the URL map can only lead it to two",
    );
    expect(routeFile(contract).public).toEqual({ '/api/v1/things/*': 'two' });
  });

  test('a map that is made of something else', async () => {
    expect(await changed('modules/edge/main.tf', 'for_each = var.routes', 'for_each = {}')).toEqual([
      'terraform: the URL map is not made of routes.json: rules must be var.routes',
    ]);
  });
});

describe('environment', () => {
  test('a variable that a schema has got', async () => {
    const environment = { ...code.environment, seats: [...(code.environment['seats'] ?? []), 'LEASE_SECONDS'] };
    expect(await withCode({ environment })).toEqual([
      'terraform/functions.tf: seats reads LEASE_SECONDS; add it to its environment',
    ]);
  });

  test('a variable that nobody reads', async () => {
    expect(await changed('functions.tf', 'REAP_SECONDS = 45', 'REAP_MINUTES = 45')).toEqual([
      'terraform/functions.tf: session-reaper reads REAP_SECONDS; add it to its environment',
      'terraform/functions.tf: session-reaper does not read REAP_MINUTES; take it out of its environment',
    ]);
  });

  test('a variable of the job', async () => {
    expect(await changed('functions.tf', 'WORKER_DEADLINE_SECONDS = 3300', 'TASK_ID = "t"')).toEqual([
      'terraform/functions.tf: task-worker reads WORKER_DEADLINE_SECONDS; add it to its environment',
      'terraform/functions.tf: task-worker does not read TASK_ID; take it out of its environment',
    ]);
  });

  test('stand-ins have no address in production', () => {
    expect(Object.values(code.environment).flat()).not.toContain('KMS_ENDPOINT');
    expect(code.environment['seats']).toContain('SIGNING_KEY');
    expect(code.environment['task-worker']).not.toContain('TASK_ID');
  });
});

describe('functions', () => {
  test('one that nobody deploys', async () => {
    expect(await withCode({ environment: { ...code.environment, invoices: [] } })).toEqual([
      'terraform/functions.tf: add invoices to local.functions',
      'terraform/accounts.tf: add an account for invoices',
      'cloudbuild.yaml: add invoices to _FUNCTIONS',
    ]);
  });

  test('two that share an account', async () => {
    const [from, to] = ['google_service_account.this[each.key].email', 'google_service_account.this["seats"].email'];
    expect(await changed('functions.tf', from, to)).toEqual([
      'terraform/functions.tf: account of module.function must be google_service_account.this[each.key].email',
    ]);
  });

  test('a scheduled call that leads nowhere', async () => {
    expect(await changed('functions.tf', '"/internal/keys/rotate"', '"/internal/keys/roll"')).toEqual([
      'terraform/functions.tf: add a job to local.schedule that calls key-rotation /internal/keys/rotate',
      'terraform/functions.tf: a job in local.schedule calls key-rotation /internal/keys/roll, which is no route',
    ]);
  });

  test('an example with a variable that is not there', async () => {
    expect(await changed('environments/dev.tfvars', 'deletion_protection', 'delete_protection  ')).toEqual([
      'terraform/environments/dev.tfvars: delete_protection is no variable',
    ]);
  });
});

describe('doors', () => {
  test('a service that the internet reaches', async () => {
    const fault =
      'terraform/modules/function/main.tf: google_cloud_run_v2_service.this: ingress must be INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER';
    expect(
      await changed('modules/function/main.tf', '"INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"', '"INGRESS_TRAFFIC_ALL"'),
    ).toEqual([fault]);
  });

  test('a database that can be destroyed', async () => {
    expect(await changed('modules/firestore/main.tf', 'prevent_destroy = true', 'prevent_destroy = false')).toEqual([
      'terraform/modules/firestore/main.tf: google_firestore_database.this: its lifecycle must have prevent_destroy = true',
    ]);
  });

  test('a bucket that anybody reads', async () => {
    const open =
      'resource "google_storage_bucket_iam_member" "everybody" {\n  bucket = "b"\n  role = "roles/storage.objectViewer"\n  member = "allUsers"\n}\n';
    const where = 'terraform/outputs.tf: google_storage_bucket_iam_member.everybody';
    expect(await changed('outputs.tf', 'output "address" {', `${open}\noutput "address" {`)).toEqual([
      `${where} is open to everybody; name accounts instead`,
      `${where} (roles/storage.objectViewer) is a binding of its own; put it into local.grants, or add it to scripts/terraform/access.ts`,
    ]);
  });
});

describe('rights', () => {
  test('a wider role', async () => {
    const faults = await changed('access.tf', '"roles/cloudkms.cryptoKeyDecrypter"', '"roles/cloudkms.admin"');
    expect(faults).toEqual([
      'terraform/access.tf: roles/cloudkms.admin is not one of the roles that scripts/terraform/access.ts knows; bind a smaller one, or add it there',
      'terraform/access.tf: add to local.grants a role for task-worker on payload_key: cloudkms.cryptoKeyVersions.useToDecrypt, which local/accounts.ts gives it',
    ]);
  });

  test('a wider role of our own', async () => {
    const [from, to] = [
      '["storage.objects.delete", "storage.objects.get"]',
      '["storage.objects.delete", "storage.objects.get", "storage.objects.list"]',
    ];
    expect(await changed('access.tf', from, to)).toEqual([
      `terraform/access.tf: task-worker on payload_bucket: storage.objects.list (by \${google_project_iam_custom_role.payload_opener.id}) is more than local/accounts.ts gives it; bind a smaller role`,
    ]);
  });

  test('public keys that write to the database', async () => {
    expect(await changed('access.tf', '"roles/datastore.viewer"', '"roles/datastore.user"')).toEqual([
      'terraform/access.tf: public-keys on database: datastore.entities.write (by roles/datastore.user) is more than local/accounts.ts gives it; bind a smaller role',
    ]);
  });

  test('an account that gets what is another one’s', async () => {
    const faults = await changed('access.tf', '      public-keys     = { read = ', '      docs     = { read = ');
    expect(faults).toHaveLength(4);
    expect(faults[0]).toMatch(/^terraform\/access\.tf: docs on signing_key: cloudkms\.cryptoKeyVersions\.list /);
    expect(faults[2]).toMatch(/add to local\.grants a role for public-keys on signing_key/);
  });

  test('a binding on the project', async () => {
    const binding =
      'resource "google_project_iam_member" "helper" {\n  project = var.project_id\n  role = "roles/editor"\n  member = "serviceAccount:helper@example.iam.gserviceaccount.com"\n}\n';
    expect(await changed('outputs.tf', 'output "address" {', `${binding}\noutput "address" {`)).toEqual([
      'terraform/outputs.tf: google_project_iam_member.helper (roles/editor) is a binding of its own; put it into local.grants, or add it to scripts/terraform/access.ts',
    ]);
  });

  test('a database role without its condition', async () => {
    const from = `expression = "resource.name == \\"projects/${expression('var.project_id')}/databases/${expression('local.database')}\\""`;
    const faults = await changed('access.tf', from, 'expression = "true"');
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/google_project_iam_member\.database: its condition must hold it to the one database/);
  });

  test('a wider role of the pipeline', async () => {
    expect(
      await changed('modules/ci/main.tf', '"roles/artifactregistry.writer"', '"roles/artifactregistry.admin"'),
    ).toEqual([
      'terraform/modules/ci/main.tf: google_artifact_registry_repository_iam_member.deployer (roles/artifactregistry.admin) is a binding of its own; put it into local.grants, or add it to scripts/terraform/access.ts',
    ]);
  });

  test('a right that a stand-in has been given', async () => {
    const rights = [...code.rights, { account: 'docs', thing: 'upload_bucket', permission: 'storage.objects.get' }];
    expect(await withCode({ rights })).toEqual([
      'terraform/access.tf: add to local.grants a role for docs on upload_bucket: storage.objects.get, which local/accounts.ts gives it',
    ]);
  });
});

describe('indexes', () => {
  const shard = '{ "field_path": "shard", "order": "ASCENDING" }';

  test('one that was dropped', async () => {
    const list = JSON.parse(texts.get('indexes.json') ?? '{}');
    const composite = list.composite.filter((one: unknown) => !JSON.stringify(one).includes('shard'));
    expect(await withText('indexes.json', JSON.stringify({ ...list, composite }))).toEqual([
      'terraform/indexes.json: add the composite index "sessions: shard ASCENDING, expires_at ASCENDING", which shared/seats/queries.ts expiredInShard needs',
    ]);
  });

  test('one that no query needs', async () => {
    expect(await changed('indexes.json', shard, shard.replace('shard', 'part'))).toEqual([
      expect.stringMatching(/add the composite index "sessions: shard ASCENDING/),
      'terraform/indexes.json: take out the composite index "sessions: part ASCENDING, expires_at ASCENDING", which no query needs',
    ]);
  });

  test('a list that Terraform does not read', async () => {
    expect(await changed('main.tf', '/indexes.json', '/other.json')).toEqual([
      `terraform: the declared list is not what indexes.json says: it must come from jsondecode(file("${expression('path.module')}/indexes.json"))`,
    ]);
  });
});
