import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { accountGrants, createProject } from '#local/accounts.ts';
import { type Code, readCode } from '../../../scripts/terraform/code.ts';
import { checkGenerated, generatedFiles } from '../../../scripts/terraform/generated.ts';
import { createReader, readTexts } from '../../../scripts/terraform/hcl.ts';
import { accountNames, readRights } from '../../../scripts/terraform/rights.ts';
import { checkPatterns, routeFile } from '../../../scripts/terraform/routes.ts';
import { checkRules } from '../../../scripts/terraform/rules.ts';

const ROOT = join(import.meta.dirname, '../../..');
const WRITE = 'run node scripts/check-terraform.ts --write';

const readTerraform = createReader();
let code: Code;
let texts: ReadonlyMap<string, string>;

beforeAll(async () => {
  code = await readCode();
  texts = readTexts(join(ROOT, 'terraform'));
});

/** The faults that come by one piece of a text in place of another. */
async function changed(file: string, from: string, to: string): Promise<string[]> {
  const text = texts.get(file) ?? '';
  expect(text.split(from), `${file} has "${from}" once`).toHaveLength(2);
  return checkRules(code, await readTerraform(new Map(texts).set(file, text.replace(from, to))));
}

const withCode = async (change: Partial<Code>) => checkRules({ ...code, ...change }, await readTerraform(texts));
const generated = (change: Partial<Code>, file: string) =>
  JSON.parse(generatedFiles({ ...code, ...change }, texts).get(file) ?? '');

test('what is there is in order', async () => {
  expect(checkGenerated(code, texts)).toEqual([]);
  expect(checkPatterns(code.contract)).toEqual([]);
  expect(await checkRules(code, await readTerraform(texts))).toEqual([]);
});

describe('what is written from the code', () => {
  test('a route that was renamed is a difference, with its line', () => {
    const seats = (code.contract['seats'] ?? []).map((route) =>
      route.path === '/api/v1/licenses/release' ? { ...route, path: '/api/v1/licenses/return' } : route,
    );
    expect(checkGenerated({ ...code, contract: { ...code.contract, seats } }, texts)).toEqual([
      expect.stringMatching(
        /^terraform\/routes\.json:\d+: has "\/api\/v1\/licenses\/release": "seats",, and the code says "\/api\/v1\/licenses\/return": "seats",; /,
      ),
    ]);
  });

  test('a variable of a schema, and whether its function starts without it', () => {
    const environment = { ...code.environment, seats: { LEASE_SECONDS: 'required' as const } };
    expect(generated({ environment }, 'environment.json').seats).toEqual({ LEASE_SECONDS: 'required' });
    expect(checkGenerated({ ...code, environment }, texts)[0]).toContain(WRITE);
  });

  test('stand-ins have no address in production', () => {
    expect(Object.values(code.environment).flatMap((one) => Object.keys(one))).not.toContain('KMS_ENDPOINT');
    expect(code.environment['seats']?.['SIGNING_KEY']).toBe('required');
    expect(code.environment['seats']?.['UNSIGNED_FALLBACK']).toBe('optional');
    expect(code.environment['task-worker']).not.toHaveProperty('TASK_ID');
  });

  test('a function below the prefix of another one', () => {
    const contract = {
      one: [{ path: '/api/v1/things/{id}/parts', access: ['anyone' as const] }],
      two: [{ path: '/api/v1/things/{id}', access: ['anyone' as const] }],
    };
    expect(checkPatterns(contract)).toEqual([]);
    expect(routeFile(contract).public).toEqual({
      '/api/v1/things/*': 'two',
      '/api/v1/things/*/parts': 'one',
      '/api/v1/things/*/parts/**': 'one',
    });
  });

  test('two functions that want one pattern', () => {
    const contract = {
      one: [{ path: '/api/v1/things/{id}', access: ['anyone' as const] }],
      two: [{ path: '/api/v1/things/{key}', access: ['anyone' as const] }],
    };
    expect(checkPatterns(contract)).toContain(
      "shared/contract: /api/v1/things/x is one's, and the URL map can only lead it to two",
    );
  });

  test('indexes come from the queries; exemptions and TTL stay as declared', () => {
    const before = JSON.parse(texts.get('indexes.json') ?? '');
    const indexes = new Map([['things: owner ASCENDING, at DESCENDING', 'shared/things.ts byOwner']]);
    expect(generated({ indexes }, 'indexes.json')).toEqual({
      ...before,
      composite: [
        {
          collection: 'things',
          query_scope: 'COLLECTION',
          fields: [
            { field_path: 'owner', order: 'ASCENDING' },
            { field_path: 'at', order: 'DESCENDING' },
          ],
        },
      ],
    });
  });

  test('a file that is not there', () => {
    const without = new Map([...texts].filter(([file]) => file !== 'buckets.json'));
    expect(checkGenerated(code, without)).toEqual([`terraform/buckets.json:1: has , and the code says {; ${WRITE}`]);
  });
});

describe('rights', () => {
  const project = createProject('example');

  test('are those that the stand-ins enforce', () => {
    expect(code.rights['payload_key']).toEqual({
      'task-payloads': ['cloudkms.cryptoKeyVersions.useToEncrypt'],
      'task-worker': ['cloudkms.cryptoKeyVersions.useToDecrypt'],
    });
    const starts = ['run.jobs.run', 'run.jobs.runWithOverrides'];
    const reads = ['run.executions.get', 'run.executions.list'];
    expect(code.rights['worker_job']).toEqual({ 'task-dispatcher': [...reads, ...starts, 'run.tasks.list'] });
    const declared = Object.values(accountGrants(project)).flat().length;
    const written = Object.entries(code.rights).filter(([thing]) => !thing.endsWith('database'));
    expect(written.flatMap(([, accounts]) => Object.values(accounts).flat())).toHaveLength(declared + 1); // run.jobs.run
  });

  test('public keys read the database, everyone else that uses it writes', () => {
    const writers = Object.entries(code.rights['database'] ?? {})
      .filter(([, permissions]) => permissions.includes('datastore.entities.update'))
      .map(([account]) => account);
    const users = Object.keys(code.environment).filter(
      (name) => 'FIRESTORE_DATABASE' in (code.environment[name] ?? {}),
    );
    expect(writers).toEqual(users.filter((name) => name !== 'public-keys').sort());
  });

  test('a right of a new account makes the account', () => {
    const rights = readRights(
      {},
      { 'webhook-queue': [['storage.objects.get', `projects/_/buckets/${project.uploadBucket}`]] },
    );
    expect(rights).toEqual({ upload_bucket: { 'webhook-queue': ['storage.objects.get'] } });
    expect(accountNames({}, rights)).toEqual(['scheduler', 'upload-push', 'webhook-queue']);
  });

  test('a right on something that Terraform cannot know is an error that names it', () => {
    expect(() => readRights({}, { seats: [['pubsub.topics.publish', 'projects/example/topics/seats']] })).toThrow(
      /seats has rights on projects\/example\/topics\/seats, which is no member of Project/,
    );
  });
});

describe('what only a person can decide', () => {
  test('a required variable without a value', async () => {
    const environment = {
      ...code.environment,
      seats: { ...code.environment['seats'], LEASE_SECONDS: 'required' as const },
    };
    expect(await withCode({ environment })).toEqual([
      'terraform/environment.tf: seats does not start without LEASE_SECONDS; add it to local.values',
    ]);
  });

  test('a value that nobody reads', async () => {
    expect(await changed('environment.tf', '    TOKEN_ISSUER ', '    TOKEN_MAKER = 1\n    TOKEN_ISSUER ')).toEqual([
      'terraform/environment.tf: nothing reads TOKEN_MAKER; take it out of local.values',
    ]);
  });

  test('a call of the scheduler that has no time, and a time of no call', async () => {
    expect(await changed('functions.tf', '"/internal/keys/rotate" ', '"/internal/keys/roll" ')).toEqual([
      'terraform/functions.tf: say in local.timetable when /internal/keys/rotate is called, or in local.queued by which queue',
      'terraform/functions.tf: local.timetable has /internal/keys/roll, which is no route',
    ]);
  });

  test('an example with a variable that is not there', async () => {
    expect(await changed('environments/dev.tfvars', 'deletion_protection', 'delete_protection  ')).toEqual([
      'terraform/environments/dev.tfvars: delete_protection is no variable',
    ]);
  });
});

describe('policy', () => {
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
    expect(await changed('outputs.tf', 'output "address" {', `${open}\noutput "address" {`)).toEqual([
      'terraform/outputs.tf: google_storage_bucket_iam_member.everybody is open to everybody; name accounts instead',
    ]);
  });

  test('a binding on the project', async () => {
    const binding =
      'resource "google_project_iam_member" "helper" {\n  project = var.project_id\n  role = "roles/storage.objectViewer"\n  member = "serviceAccount:helper@example.iam.gserviceaccount.com"\n}\n';
    expect(await changed('outputs.tf', 'output "address" {', `${binding}\noutput "address" {`)).toEqual([
      'terraform/outputs.tf: google_project_iam_member.helper binds roles/storage.objectViewer; declare the right in local/accounts.ts, or add the role to scripts/terraform/rules.ts',
    ]);
  });

  test('a predefined role for a function', async () => {
    const faults = await changed(
      'access.tf',
      'google_project_iam_custom_role.this[each.value.grant].id',
      '"roles/cloudkms.admin"',
    );
    expect(faults).toEqual([
      'terraform/access.tf: google_kms_crypto_key_iam_member.key: role must be one of google_project_iam_custom_role.this, which rights.json makes',
    ]);
  });

  test('a wider role of the pipeline', async () => {
    expect(
      await changed('modules/ci/main.tf', '"roles/artifactregistry.writer"', '"roles/artifactregistry.admin"'),
    ).toEqual([
      'terraform/modules/ci/main.tf: google_artifact_registry_repository_iam_member.builder binds roles/artifactregistry.admin; declare the right in local/accounts.ts, or add the role to scripts/terraform/rules.ts',
    ]);
  });
});

describe('what is in use', () => {
  const CBD = '  lifecycle {\n    create_before_destroy = true\n  }\n';

  test('and cannot be replaced: a network endpoint group of another region', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's
    expect(await changed('modules/edge/main.tf', '-${each.key}-${var.region}"', '-${each.key}"')).toEqual([
      'terraform/modules/edge/main.tf: google_compute_region_network_endpoint_group.this: its backend service uses it, and another region needs another name: put var.region into name',
    ]);
  });

  test('and would be dropped while the URL map leads to it', async () => {
    const text = texts.get('modules/edge/main.tf') ?? '';
    expect(text.split(CBD)).toHaveLength(3);
    const faults = await checkRules(
      code,
      await readTerraform(new Map(texts).set('modules/edge/main.tf', text.replaceAll(CBD, ''))),
    );
    expect(faults.toSorted()).toEqual([
      'terraform/modules/edge/main.tf: google_compute_backend_service.this: the URL map uses it while it is replaced or dropped: create_before_destroy = true',
      'terraform/modules/edge/main.tf: google_compute_region_network_endpoint_group.this: its backend service uses it while it is replaced or dropped: create_before_destroy = true',
    ]);
  });

  test('a certificate that another domain would replace in place', async () => {
    const certificate =
      'resource "google_compute_managed_ssl_certificate" "this" {\n  name = "main"\n  managed {\n    domains = [var.domain]\n  }\n}\n';
    expect(
      await changed('modules/edge/outputs.tf', 'output "address" {', `${certificate}\noutput "address" {`),
    ).toEqual([
      'terraform/modules/edge/outputs.tf: google_compute_managed_ssl_certificate.this: the proxy uses it, and another managed.domains needs another name: put var.domain into name',
      'terraform/modules/edge/outputs.tf: google_compute_managed_ssl_certificate.this: the proxy uses it while it is replaced or dropped: create_before_destroy = true',
    ]);
  });

  test('a certificate whose name does not say its host', async () => {
    const faults = await changed(
      'modules/edge/certificates.tf',
      'name    = local.certificate_names[each.value]\n\n  managed',
      'name    = var.prefix\n\n  managed',
    );
    expect(faults.length).toBeGreaterThan(1);
    expect(faults[0]).toMatch(/google_certificate_manager_certificate\.this: the certificate map uses it/);
  });

  test('a service that moves to another region', async () => {
    expect(
      await changed('modules/function/main.tf', 'create_before_destroy = true', 'create_before_destroy = false'),
    ).toEqual([
      'terraform/modules/function/main.tf: google_cloud_run_v2_service.this: the load balancer uses it while it is replaced or dropped: create_before_destroy = true',
    ]);
  });
});
