import { describe, expect, test } from 'vitest';
import { settings } from '../../../scripts/create/settings.ts';
import { createSteps, type Files, lastWords } from '../../../scripts/create/steps.ts';
import { deploy } from '../../../scripts/deploy/deploy.ts';
import { createDryRun } from '../../../scripts/deploy/dry-run.ts';
import { CommandError, commandLine, type Run } from '../../../scripts/release/command.ts';

const SETTINGS = settings.parse({
  project: 'example-shop',
  region: 'europe-west1',
  domain: 'licensing.example.com',
  email: 'staff@example.com',
  environment: 'prod',
  zone: 'example',
});

/** A project at Google, from nothing to done, and what was made of it. */
interface World {
  project: boolean;
  billing: boolean;
  apis: boolean;
  bucket: boolean;
  /** Contents of terraform/roots at each apply. */
  applied: boolean[];
  builds: number;
  keyRotation: boolean;
  keyList: boolean;
  released: boolean;
  staff: string[];
  licenses: number;
  secretVersions: string[];
  records: Set<string>;
  files: Map<string, string>;
  accounts: string[];
}

const emptyWorld = (): World => ({
  project: false,
  billing: false,
  apis: false,
  bucket: false,
  applied: [],
  builds: 0,
  keyRotation: false,
  keyList: false,
  released: false,
  staff: [],
  licenses: 0,
  secretVersions: ['none'],
  records: new Set(),
  files: new Map(),
  accounts: ['billingAccounts/0A-1B'],
});

const OUTPUTS = {
  builder: 'builder@x',
  dashboard: 'projects/1/dashboards/7',
  deployer: 'deployer@x',
  project_id: 'example-shop',
  records: [
    { name: 'licensing.example.com.', type: 'A', data: '192.0.2.1' },
    { name: '_acme-challenge.licensing.example.com.', type: 'CNAME', data: 'x.authorize.certificatemanager.goog.' },
  ],
  region: 'europe-west1',
  scheduler_jobs: { 'rotate-keys': 'countersign-rotate-keys' },
  smoke_secret: 'countersign-smoke-license-key',
  substitutions: { build: { _BUILDS_BUCKET: 'gs://builds' }, release: { _RELEASES_BUCKET: 'gs://releases' } },
};

const filesOf = ({ files }: World): Files => ({
  has: (path) => files.has(path),
  read: (path) => files.get(path) ?? '',
  write: (path, text) => void files.set(path, text),
});
const ROOTS = 'terraform/roots/example-shop.pem';

/** What gcloud, terraform and the scripts beside do; a step that comes too early is refused, as at Google. */
function answer(world: World, program: string, args: readonly string[], input: string): string {
  const line = [program, ...args].join(' ');
  const refuse = (why: string): never => {
    throw new CommandError(line, `ERROR: ${why}`);
  };
  const need = (done: boolean, what: string) => done || refuse(`${what} first`);
  if (line.includes('auth list')) return 'staff@example.com\n';
  if (line.includes('projects describe') && !line.includes('billing'))
    return world.project ? 'example-shop' : refuse('NOT_FOUND');
  if (line.includes('projects create')) {
    if (world.project) refuse('already exists');
    world.project = true;
    return '';
  }
  need(world.project, 'a project');
  if (line.includes('billing projects describe')) return world.billing ? 'True' : 'False';
  if (line.includes('billing accounts list')) return world.accounts.join('\n');
  if (line.includes('billing projects link')) {
    expect(args.at(-1)).toBe('billingAccounts/0A-1B');
    world.billing = true;
    return '';
  }
  need(world.billing, 'billing');
  if (line.includes('services enable')) {
    world.apis = true;
    return '';
  }
  need(world.apis, 'APIs');
  if (line.includes('buckets describe')) return world.bucket ? 'there' : refuse('not found');
  if (line.includes('buckets create')) {
    if (world.bucket) refuse('409 already exists');
    world.bucket = true;
    return '';
  }
  need(world.bucket, 'the bucket of the state');
  if (line.includes('buckets update') || line.includes(' init ')) return '';
  if (line.includes(' apply ')) {
    expect(world.files.get('terraform/environments/prod.tfvars')).toContain(
      'domain           = "licensing.example.com"',
    );
    world.applied.push(world.files.has(ROOTS));
    return '';
  }
  need(world.applied.length > 0, 'an apply');
  if (line.includes('output -json'))
    return JSON.stringify(Object.fromEntries(Object.entries(OUTPUTS).map(([name, value]) => [name, { value }])));
  if (line.includes('root-ceremony.sh prod')) {
    world.files.set(ROOTS, 'PEM');
    return '';
  }
  need(world.files.has(ROOTS), 'the ceremony');
  if (line.includes('cat gs://releases/state/released.json'))
    return world.released ? '{}' : refuse('matched no objects');
  if (line.includes('builds submit')) return submit(world, line, need);
  if (line.includes('scheduler jobs run')) {
    need(world.keyRotation, 'key-rotation');
    world.keyList = true;
    return '';
  }
  if (line.includes('logging read')) return world.keyList ? '1\n' : '';
  need(world.released, 'a release');
  return afterRelease(world, line, args, input);
}

function submit(world: World, line: string, need: (done: boolean, what: string) => unknown): string {
  if (line.includes('--config cloudbuild.yaml')) {
    expect(line).toContain('serviceAccounts/builder@x');
    world.builds += 1;
    return `build-${world.builds}\n`;
  }
  expect(line).toContain('serviceAccounts/deployer@x');
  need(world.builds > 0 && line.includes(`_BUILD=build-${world.builds}`), 'a build');
  if (line.includes('_ONLY=key-rotation')) {
    need(world.applied.at(-1) === true, 'an apply with the root key');
    world.keyRotation = true;
  } else {
    need(world.keyList, 'a key list');
    world.released = true;
  }
  return 'release-1\n';
}

function afterRelease(world: World, line: string, args: readonly string[], input: string): string {
  if (line.includes('first-staff.sh')) world.staff.push(args.at(-1) ?? '');
  else if (line.includes('versions list')) return world.secretVersions.join('\n');
  else if (line.includes('smoke-license.ts')) {
    world.licenses += 1;
    return 'KEY-1\n';
  } else if (line.includes('versions add')) world.secretVersions.push(input);
  else if (line.includes('record-sets')) {
    const record = `${args[3]} ${args[5]}`;
    if (args[2] === 'describe' && !world.records.has(record)) throw new CommandError(line, 'HTTPError 404: not found');
    if (args[2] === 'create') world.records.add(record);
  } else throw new CommandError(line, `unknown: ${line}`);
  return '';
}

type Interfere = (line: string, count: number) => void;
const nothing: Interfere = () => undefined;

/** Runs all steps; @returns the command lines. */
async function create(world: World, before = nothing, after = nothing): Promise<string[]> {
  const lines: string[] = [];
  const run: Run = async (program, args, options = {}) => {
    const line = commandLine(program, args);
    lines.push(line);
    before(line, lines.length);
    const output = answer(world, program, args, options.input ?? '');
    after(line, lines.length);
    return output;
  };
  const steps = createSteps(SETTINGS, {
    run,
    files: filesOf(world),
    pause: async () => undefined,
    log: () => undefined,
  });
  for (const step of steps) await step.run();
  return lines;
}

function expectDone(world: World) {
  const { project, billing, apis, bucket, keyRotation, keyList, released } = world;
  expect({ project, billing, apis, bucket, keyRotation, keyList, released }).toEqual({
    project: true,
    billing: true,
    apis: true,
    bucket: true,
    keyRotation: true,
    keyList: true,
    released: true,
  });
  expect(world.applied.at(-1)).toBe(true);
  expect(new Set(world.staff)).toEqual(new Set(['staff@example.com']));
  expect(world.secretVersions).toEqual(['none', 'KEY-1']);
  expect([...world.records]).toEqual(['licensing.example.com. A', '_acme-challenge.licensing.example.com. CNAME']);
}

describe('from an empty project to done', async () => {
  const first = emptyWorld();
  const lines = await create(first);
  const cases = lines.map((line, index) => [index + 1, line] as const);

  test('in one run', () => {
    expectDone(first);
    expect(first).toMatchObject({ builds: 1, licenses: 1, applied: [false, true] });
    expect(cases.length).toBeGreaterThan(25);
  });

  test('once more: looks, and makes nothing', async () => {
    const before = structuredClone(first);
    await create(first);
    expectDone(first);
    expect(first).toMatchObject({ builds: before.builds, licenses: before.licenses });
  });

  test.each(cases)('a failure at call %i, and the same again (%s)', async (count) => {
    const world = emptyWorld();
    const failed = await create(world, (line, at) => {
      if (at === count) throw new CommandError(line, 'ERROR: 503');
    }).catch((error: unknown) => error);
    // What is asked about billing may go unanswered: then it is linked.
    if (!Array.isArray(failed)) await create(world);
    expectDone(world);
  });

  test.each(cases)('an answer lost at call %i, and the same again (%s)', async (count, line) => {
    const world = emptyWorld();
    await create(world, nothing, (asked, at) => {
      if (at === count) throw new CommandError(asked, 'ERROR: connection reset');
    }).catch(() => undefined);
    if (line.includes('versions add')) expect(world.secretVersions).toHaveLength(2);
    await create(world);
    expectDone(world);
  });
});

test('several billing accounts: one has to be named', async () => {
  const world = { ...emptyWorld(), accounts: ['billingAccounts/1', 'billingAccounts/2'] };
  await expect(create(world)).rejects.toThrow(/name one with --billing: billingAccounts\/1, billingAccounts\/2/);
});

test('an environment of another project is not overwritten', async () => {
  const world = emptyWorld();
  world.files.set('terraform/environments/prod.tfvars', 'project_id = "another"');
  await expect(create(world)).rejects.toThrow(/is there, and of another project/);
  expect(world.files.get('terraform/environments/prod.tfvars')).toBe('project_id = "another"');
});

test('ends with the records to set and the links to open', async () => {
  const world = emptyWorld();
  await create(world);
  const run: Run = async (program, args) => answer(world, program, args, '');
  const words = await lastWords(SETTINGS, run);
  expect(words).toContain('licensing.example.com.  300  IN  A  192.0.2.1');
  expect(words).toContain('https://licensing.example.com/console');
});

describe('--dry-run', () => {
  test('shows what an empty project needs, command by command', async () => {
    const shown: string[] = [];
    const run = createDryRun((line) => shown.push(line));
    const steps = createSteps(
      { ...SETTINGS, zone: undefined },
      { run, files: filesOf(emptyWorld()), pause: async () => undefined, log: () => undefined },
    );
    for (const step of steps) await step.run();
    const verbs = [
      'projects create',
      'billing projects link',
      'services enable',
      'buckets create',
      'apply',
      'root-ceremony',
      '--config cloudbuild.yaml',
      '_ONLY=key-rotation',
      'scheduler jobs run',
      '--config cloudbuild.release.yaml',
      'first-staff',
      'versions add',
    ];
    let at = -1;
    for (const verb of verbs) {
      const next = shown.findIndex((line, index) => index > at && line.includes(verb));
      expect(next, verb).toBeGreaterThan(at);
      at = next;
    }
  });
});

describe('every release after the first', () => {
  const plan = (...actions: readonly string[][]) =>
    JSON.stringify({
      resource_changes: actions.map((one, index) => ({ address: `a.b${index}`, change: { actions: one } })),
    });

  async function deployed(agreed: boolean[], changes: string, options: { build?: string; allowOlder?: boolean } = {}) {
    const lines: string[] = [];
    const questions: string[] = [];
    const run: Run = async (program, args) => {
      const line = commandLine(program, args);
      lines.push(line);
      if (line.includes('show -json')) return changes;
      if (line.includes('output -json'))
        return JSON.stringify(Object.fromEntries(Object.entries(OUTPUTS).map(([name, value]) => [name, { value }])));
      return line.includes('cloudbuild.yaml') ? 'build-9\n' : '';
    };
    const approve = async (question: string) => {
      questions.push(question);
      return agreed.shift() ?? false;
    };
    const result = await deploy(
      { environment: 'prod', build: options.build, allowOlder: options.allowOlder ?? false },
      { run, approve, log: () => undefined },
    );
    return { result, lines: lines.map((line) => line.replace(/ --(service-account|gcs).*/, '')), questions };
  }

  test('applies what was planned, builds, releases, each after somebody agreed', async () => {
    const { result, lines, questions } = await deployed(
      [true, true],
      plan(['no-op'], ['update'], ['delete', 'create']),
    );
    expect(result).toBe(true);
    expect(questions).toEqual(['Terraform would change these 2. Apply?', 'Release build build-9 to prod?']);
    const order = [
      'terraform init',
      'plan',
      'show',
      'apply -input=false plan',
      'output',
      'cloudbuild.yaml',
      'cloudbuild.release.yaml',
    ];
    expect(lines.map((line, index) => line.replace('-chdir=terraform ', '').includes(order[index] ?? '?'))).toEqual(
      order.map(() => true),
    );
  });

  test('nothing to apply: nobody is asked for that', async () => {
    const { questions, lines } = await deployed([true], plan(['no-op'], ['read']));
    expect(questions).toEqual(['Release build build-9 to prod?']);
    expect(lines.filter((line) => line.includes('apply'))).toEqual([]);
  });

  test('nobody agrees: nothing is applied, built or released', async () => {
    const { result, lines } = await deployed([false], plan(['delete']));
    expect(result).toBe(false);
    expect(lines.filter((line) => /apply|submit/.test(line))).toEqual([]);
    expect((await deployed([false], plan())).lines.filter((line) => line.includes('release.yaml'))).toEqual([]);
  });

  test('back to an older build: no plan, no build', async () => {
    const { result, lines } = await deployed([true], plan(), { build: 'build-3', allowOlder: true });
    expect(result).toBe(true);
    expect(lines.filter((line) => /plan|cloudbuild\.yaml/.test(line))).toEqual([]);
  });
});
