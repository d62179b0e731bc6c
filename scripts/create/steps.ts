import { createPipelines, createTerraform, ifThere, type Outputs } from '../deploy/google.ts';
import type { Run } from '../release/command.ts';
import { environmentFiles, type Settings } from './settings.ts';

/** The project's files, as far as they are read and written here; paths are relative to the project. */
export interface Files {
  has(path: string): boolean;
  read(path: string): string;
  write(path: string, text: string): void;
}

export interface CreateParts {
  readonly run: Run;
  readonly files: Files;
  readonly pause: (seconds: number) => Promise<void>;
  readonly log: (line: string) => void;
}

/** One thing that is to be so. It looks whether it is, so that each run goes on where the last one ended. */
export interface Step {
  readonly name: string;
  /** @returns what is there already, or is made now */
  run(): Promise<void>;
}

/** What Terraform asks Google by, before it can switch on the others. */
const FIRST_APIS = ['cloudbilling', 'cloudresourcemanager', 'iam', 'serviceusage', 'storage'];
const WAIT_SECONDS = 15;
/** An HSM takes minutes to make a key of 4,096 bits, and logs arrive late. */
const ATTEMPTS = 80;

/** @throws Error that says what to do; to run it again is always right */
export function createSteps(settings: Settings, parts: CreateParts): readonly Step[] {
  const { project, region, environment, email } = settings;
  const { run, files, pause, log } = parts;
  const terraform = createTerraform(run, environment);
  const gcloud = (...args: readonly string[]) => run('gcloud', args);
  let known: Outputs | undefined;
  const outputs = async () => {
    known ??= await terraform.outputs();
    return known;
  };
  const released = async () => {
    const bucket = (await outputs()).substitutions.release['_RELEASES_BUCKET'];
    return ifThere(gcloud('storage', 'cat', `${bucket}/state/released.json`));
  };
  const roots = `terraform/roots/${project}.pem`;
  let build = '';

  async function account(): Promise<string> {
    const active = (await gcloud('auth', 'list', '--filter', 'status:ACTIVE', '--format', 'value(account)')).trim();
    if (active === '')
      throw new Error('nobody is logged in: gcloud auth login, and gcloud auth application-default login');
    return active;
  }

  async function makeProject(): Promise<void> {
    const there = await ifThere(gcloud('projects', 'describe', project, '--format', 'value(projectId)'));
    if (there !== undefined) return;
    const [kind, id] = settings.parent?.split('/') ?? [];
    const parent = kind === undefined ? [] : [kind === 'folders' ? '--folder' : '--organization', id ?? ''];
    await gcloud('projects', 'create', project, ...parent);
  }

  async function linkBilling(): Promise<void> {
    const enabled = await gcloud('billing', 'projects', 'describe', project, '--format', 'value(billingEnabled)').catch(
      () => '',
    );
    if (enabled.trim().toLowerCase() === 'true') return;
    await gcloud(
      'billing',
      'projects',
      'link',
      project,
      '--billing-account',
      settings.billing ?? (await onlyAccount()),
    );
  }

  async function onlyAccount(): Promise<string> {
    const list = await gcloud('billing', 'accounts', 'list', '--filter', 'open=true', '--format', 'value(name)');
    const [one, ...more] = list.trim().split('\n').filter(Boolean);
    if (one === undefined) throw new Error('no open billing account is visible to you: --billing ACCOUNT');
    if (more.length > 0)
      throw new Error(`several billing accounts are open, name one with --billing: ${[one, ...more].join(', ')}`);
    return one;
  }

  async function writeFiles(): Promise<void> {
    const { tfvars, backend } = environmentFiles(settings);
    for (const [path, text] of [
      [`terraform/environments/${environment}.tfvars`, tfvars],
      [`terraform/environments/${environment}.gcs.tfbackend`, backend],
    ] as const) {
      if (!files.has(path)) files.write(path, text);
      else if (!files.read(path).includes(path.endsWith('.tfvars') ? `"${project}"` : settings.state)) {
        throw new Error(`${path} is there, and of another project: name another environment with --environment`);
      }
    }
  }

  async function makeStateBucket(): Promise<void> {
    const bucket = `gs://${settings.state}`;
    const there = await ifThere(gcloud('storage', 'buckets', 'describe', bucket, '--project', project));
    if (there === undefined) {
      const closed = ['--uniform-bucket-level-access', '--public-access-prevention'];
      await gcloud('storage', 'buckets', 'create', bucket, '--project', project, '--location', region, ...closed);
    }
    await gcloud('storage', 'buckets', 'update', bucket, '--versioning');
  }

  async function applyFirst(): Promise<void> {
    await terraform.init();
    await terraform.apply();
  }

  async function holdCeremony(): Promise<void> {
    if (files.has(roots)) return;
    await run('bash', ['scripts/root-ceremony.sh', environment], { show: true });
    // The functions are told the root's public key, by which they judge the key list.
    await terraform.apply();
    known = undefined;
  }

  async function buildFirst(): Promise<void> {
    if ((await released()) !== undefined) return;
    build = await createPipelines(run, await outputs()).build();
    log(`build ${build}`);
  }

  /** Nobody has a key list to go by before key-rotation has run once. */
  async function makeKeyList(): Promise<void> {
    if ((await listSequence()) !== '') return;
    if (build !== '') {
      await createPipelines(run, await outputs()).release(build, { _ONLY: 'key-rotation', _SMOKE: 'off' });
    }
    const job = (await outputs()).scheduler_jobs['rotate-keys'] ?? 'countersign-rotate-keys';
    for (let attempt = 1; ; attempt += 1) {
      await gcloud('scheduler', 'jobs', 'run', job, '--location', region, '--project', project);
      await pause(WAIT_SECONDS);
      const sequence = await listSequence();
      if (sequence !== '') return log(`key list ${sequence}`);
      if (attempt === ATTEMPTS) throw new Error('key-rotation has made no key list: look at its log');
    }
  }

  const listSequence = async () => {
    const filter = 'jsonPayload.message="keys_rotated" AND jsonPayload.sequence>=1';
    const format = ['--limit', '1', '--freshness', '30d', '--format', 'value(jsonPayload.sequence)'];
    return (await gcloud('logging', 'read', filter, '--project', project, ...format)).trim();
  };

  async function releaseFirst(): Promise<void> {
    if (build === '' || (await released()) !== undefined) return;
    await createPipelines(run, await outputs()).release(build, { _SMOKE: 'off' });
  }

  async function makeLicense(): Promise<void> {
    const { smoke_secret } = await outputs();
    const format = ['--filter', 'state=ENABLED', '--format', 'value(name)', '--project', project];
    const versions = (await gcloud('secrets', 'versions', 'list', smoke_secret, ...format)).trim().split('\n');
    // The first one is Terraform's, and says that there is none.
    if (versions.filter(Boolean).length > 1) return;
    const key = await run('node', ['scripts/smoke-license.ts', project]);
    await run('gcloud', ['secrets', 'versions', 'add', smoke_secret, '--data-file=-', '--project', project], {
      input: key.trim(),
    });
  }

  async function setRecords(): Promise<void> {
    if (settings.zone === undefined) return;
    for (const { name, type, data } of (await outputs()).records) {
      const at = [name, '--type', type, '--zone', settings.zone];
      if ((await ifThere(gcloud('dns', 'record-sets', 'describe', ...at))) !== undefined) continue;
      await gcloud('dns', 'record-sets', 'create', ...at, '--ttl', '300', '--rrdatas', data);
    }
  }

  return [
    { name: 'who you are', run: async () => log(await account()) },
    { name: 'project', run: makeProject },
    { name: 'billing', run: linkBilling },
    { name: 'files of the environment', run: writeFiles },
    {
      name: 'APIs',
      run: async () =>
        void (await gcloud(
          'services',
          'enable',
          ...FIRST_APIS.map((api) => `${api}.googleapis.com`),
          '--project',
          project,
        )),
    },
    { name: 'bucket of the state', run: makeStateBucket },
    { name: 'Terraform', run: applyFirst },
    { name: 'root ceremony', run: holdCeremony },
    { name: 'build', run: buildFirst },
    { name: 'key list', run: makeKeyList },
    { name: 'release', run: releaseFirst },
    {
      name: 'first member of staff',
      run: async () =>
        void (await run('bash', ['scripts/first-staff.sh', email], {
          env: { PROJECT: project, ENVIRONMENT: environment },
          show: true,
        })),
    },
    { name: 'licence of the smoke test', run: makeLicense },
    { name: 'DNS records', run: setRecords },
  ];
}

/** What is left for a person, once all steps are done. */
export async function lastWords(settings: Settings, run: Run): Promise<string> {
  const { records, dashboard } = await createTerraform(run, settings.environment).outputs();
  const { project, domain, environment } = settings;
  const lines = records.map(({ name, type, data }) => `  ${name}  300  IN  ${type}  ${data}`);
  return `
${settings.zone === undefined ? 'Set these DNS records:' : 'These DNS records are set:'}
${lines.join('\n')}

The certificates are active some minutes after the CNAME records can be seen:
  gcloud certificate-manager certificates list --project ${project} --format 'table(name, managed.state)'
Then the release is tested, and every later one is made, by
  scripts/deploy.sh ${environment}

  console    https://${domain}/console
  API        https://${domain}/api/docs
  dashboard  https://console.cloud.google.com/monitoring/dashboards/builder/${dashboard.split('/').at(-1)}?project=${project}
  logs       https://console.cloud.google.com/logs/query?project=${project}
  releases   https://console.cloud.google.com/cloud-build/builds?project=${project}
`;
}
