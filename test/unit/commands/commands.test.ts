import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { settings } from '../../../scripts/create/settings.ts';
import { createSteps, lastWords } from '../../../scripts/create/steps.ts';
import { deploy } from '../../../scripts/deploy/deploy.ts';
import { createDryRun } from '../../../scripts/deploy/dry-run.ts';
import { createTextObjects } from '../../../scripts/release/bucket.ts';
import { createCloudRun } from '../../../scripts/release/cloud-run.ts';
import { commandLine, type Run } from '../../../scripts/release/command.ts';
import { type Command, extractCommands, shellOf } from './extract.ts';
import { type Flags, installedGcloud, installedTerraform, listed, writeListed } from './known.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** Commands that scripts/*.ts put together: shown by running them. */
async function fromPrograms(): Promise<Command[]> {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const run = createDryRun(say);
  const wanted = settings.parse({
    project: 'example-shop',
    region: 'europe-west1',
    domain: 'licensing.example.com',
    email: 'staff@example.com',
    environment: 'prod',
    parent: 'folders/1',
    zone: 'example',
  });
  const files = { has: () => false, read: () => '', write: () => undefined };
  const steps = createSteps(wanted, { run, files, pause: async () => undefined, log: () => undefined });
  for (const step of steps) await step.run();
  const words = await lastWords(wanted, run);
  const parts = { run, approve: async () => true, log: () => undefined };
  await deploy({ environment: 'prod', build: undefined, allowOlder: true }, parts);

  const answers: Run = async (program, args) => {
    say(commandLine(program, args));
    return args.includes('describe') && args.includes('json') ? '{"status": {}}' : '';
  };
  const cloudRun = createCloudRun(answers, 'p', 'r');
  const objects = createTextObjects(answers);
  await Promise.allSettled([
    cloudRun.service('s'),
    cloudRun.createRevision('s', 'i', 't'),
    cloudRun.moveTag('s', 't', 'r'),
    cloudRun.removeTags('s', ['t']),
    cloudRun.setTraffic('s', { r: 1 }),
    cloudRun.followLatest('s'),
    cloudRun.jobImage('j'),
    cloudRun.setJobImage('j', 'i'),
    ...[
      objects.read('gs://b/o'),
      objects.generation('gs://b/o'),
      objects.write('gs://b/o', '', '0'),
      objects.remove('gs://b/o', '0'),
    ],
  ]);
  // Put together in scripts/release/main.ts.
  say('gcloud auth print-identity-token --impersonate-service-account a --audiences b --include-email');
  expect(read('scripts/release/main.ts')).toContain("'auth', 'print-identity-token', '--impersonate-service-account'");
  return ['gcloud', 'terraform'].flatMap((tool) =>
    extractCommands(tool, tool, `${lines.join('\n')}\n${words}`).map((one) => ({
      ...one,
      where: `scripts (${one.words.join(' ')})`,
    })),
  );
}

const texts = [
  ...globSync(['README.md', 'docs/**/*.md', 'terraform/**/*.md'], { cwd: ROOT }).map(
    (file) => [file, shellOf(read(file))] as const,
  ),
  ...globSync('scripts/**/*.sh', { cwd: ROOT }).map((file) => [file, read(file)] as const),
];
const programs = await fromPrograms();
const of = (tool: string) => [
  ...texts.flatMap(([file, text]) => extractCommands(tool, file, text)),
  ...programs.filter(({ words }) => (tool === 'terraform') === words.some((word) => word.startsWith('-chdir'))),
];

/** The longest beginning that is a command, and the flags that follow. */
function split(words: readonly string[], known: Flags): { command: string; flags: string[] } {
  const names = words.slice(0, words.findIndex((word) => word.startsWith('-') && !word.startsWith('-chdir')) >>> 0);
  const path = names.filter((word) => !word.startsWith('-'));
  let command = '';
  for (let length = path.length; length > 0 && command === ''; length -= 1) {
    const name = path.slice(0, length).join(' ');
    if (known[name] !== undefined) command = name;
  }
  return { command, flags: words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=')[0] ?? '') };
}

function faults(commands: readonly Command[], known: Flags): string[] {
  return commands.flatMap(({ where, words }) => {
    const { command, flags } = split(words, known);
    // A function of the shell that hands its arguments on.
    if (words.at(-1) === '$QUOTED' && command === '') return [];
    if (command === '') return [`${where}: ${words.slice(0, 3).join(' ')} is no command`];
    const allowed = [...(known[command] ?? []), ...(known[''] ?? [])];
    // A switch may be turned off by --no-.
    const unknown = flags.filter((flag) => !allowed.includes(flag) && !allowed.includes(flag.replace('--no-', '--')));
    return unknown.map((flag) => `${where}: ${command} knows no ${flag}`);
  });
}

const commandsOf = (tool: string, known: Flags) => [
  ...new Set(of(tool).map(({ words }) => split(words, known).command)),
];
const terraformCommands = [
  'apply',
  'destroy',
  'import',
  'init',
  'output',
  'plan',
  'show',
  'state list',
  'state rm',
  'test',
  'validate',
];

if (process.env['WRITE_KNOWN_FLAGS'] === '1') {
  writeListed(commandsOf('gcloud', installedGcloud() ?? {}).filter(Boolean), terraformCommands);
}

describe('every command of documentation and scripts', () => {
  test('is found', () => {
    expect(of('gcloud').length).toBeGreaterThan(60);
    expect(of('terraform').length).toBeGreaterThan(5);
  });

  test('has flags that are on the list (WRITE_KNOWN_FLAGS=1 writes it from the tools installed)', () => {
    expect(faults(of('gcloud'), listed().gcloud)).toEqual([]);
    expect(faults(of('terraform'), listed().terraform)).toEqual([]);
  });

  const gcloud = installedGcloud();
  test.skipIf(gcloud === undefined)('has flags that the installed gcloud knows', () => {
    expect(faults(of('gcloud'), gcloud ?? {})).toEqual([]);
  });

  const terraform = installedTerraform(terraformCommands);
  test.skipIf(terraform === undefined)('has flags that the installed Terraform knows', () => {
    expect(faults(of('terraform'), terraform ?? {})).toEqual([]);
  });
});

describe('a command that is not right', () => {
  const known = { '': ['--project'], run: [], 'run services': [], 'run services update': ['--image', '--traffic'] };
  const judged = (shell: string) => faults(extractCommands('gcloud', 'x', shell), known);

  test.each([
    ['gcloud run services update seats --image i --project p', []],
    ['gcloud run services update seats \\\n  --images i', ['x:1: run services update knows no --images']],
    ['if ! gcloud run services deploy seats --image i; then', ['x:1: run services knows no --image']],
    [
      'x=$(gcloud run services update --imag i) && gcloud walk',
      ['x:1: run services update knows no --imag', 'x:1: walk is no command'],
    ],
    ['# gcloud walk', []],
    ['echo "gcloud walk"', []],
    ['gcloud run services update "$name" "--no-traffic" --image="$x --y"', []],
  ])('%s', (shell, expected) => expect(judged(shell).sort()).toEqual(expected.toSorted()));

  test('in Markdown: blocks of bash, and code in a line', () => {
    const text = 'Run `gcloud walk --far`, not\n```json\ngcloud nothing\n```\n```bash\ngcloud run\n```\n';
    expect(extractCommands('gcloud', 'x', shellOf(text)).map(({ words }) => words)).toEqual([
      ['walk', '--far'],
      ['run'],
    ]);
  });
});
