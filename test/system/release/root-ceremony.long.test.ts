import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answer, installPrograms, type Programs } from './fake-program.ts';

const ROOT = join(import.meta.dirname, '../../..');
const KEYS = 'projects/example/locations/europe-west1/keyRings/countersign-signing/cryptoKeys';
const PEM = '-----BEGIN PUBLIC KEY-----\nMIIC\n-----END PUBLIC KEY-----\n';

let folder: string;
let programs: Programs;
/** By key: who has which role. */
let policies: Map<string, Set<string>>;
let signed: string[][];
let states: string[];
let refuse: (line: string) => boolean;

const answer = (stdout = ''): Answer => ({ status: 0, stdout, stderr: '' });
const failed = (stderr: string): Answer => ({ status: 1, stdout: '', stderr });

function gcloud(args: readonly string[]): Answer {
  const line = args.join(' ');
  if (refuse(line)) return failed('ERROR: 503\n');
  if (line.startsWith('config')) return answer('somebody@example.com\n');
  if (line.includes('versions describe')) return answer(`${states.shift() ?? 'ENABLED'}\n`);
  const [, , verb = '', key = ''] = args;
  const policy = policies.get(key) ?? new Set();
  policies.set(key, policy);
  const binding = `${args[5]} ${args[7]}`;
  if (verb === 'add-iam-policy-binding') policy.add(binding);
  if (verb === 'remove-iam-policy-binding') policy.delete(binding);
  return answer(verb === 'get-iam-policy' ? JSON.stringify([...policy]) : '');
}

const terraform = (args: readonly string[]): Answer => {
  if (args.includes('project_id')) return answer('example');
  const keys = { 'license-directory': `${KEYS}/license-directory`, 'license-root': `${KEYS}/license-root` };
  return answer(args.includes('keys') ? `${JSON.stringify(keys)}\n` : '');
};

/** The program that signs: it can as long as the right on the root is there. */
function node(args: readonly string[]): Answer {
  if (policies.get(`${KEYS}/license-root`)?.size !== 1) return failed('permission denied\n');
  signed.push([...args]);
  return answer(PEM);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ceremony-'));
  mkdirSync(join(folder, 'terraform/environments'), { recursive: true });
  writeFileSync(join(folder, 'terraform/environments/prod.tfvars'), '');
  mkdirSync(join(folder, 'scripts'));
  cpSync(join(ROOT, 'scripts/root-ceremony.sh'), join(folder, 'scripts/root-ceremony.sh'));
  policies = new Map();
  signed = [];
  states = [];
  refuse = () => false;
  programs = await installPrograms({ gcloud, terraform, node });
});
afterEach(async () => {
  await programs.close();
  rmSync(folder, { recursive: true });
});

function hold(...args: readonly string[]) {
  const child = spawn('bash', ['scripts/root-ceremony.sh', 'prod', ...args], {
    cwd: folder,
    env: { PATH: `${programs.folder}:/usr/bin:/bin`, PAUSE_SECONDS: '0' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise<{ status: number | null; output: string }>((resolve) =>
    child.once('close', (status) => resolve({ status, output })),
  );
}

const bound = () => [...policies.values()].flatMap((policy) => [...policy]);
const file = () => join(folder, 'terraform/roots/example.pem');

test('signs with a right that is there for the occasion alone, and keeps the public key', async () => {
  states = ['PENDING_GENERATION', 'PENDING_GENERATION'];
  const { status, output } = await hold('--days', '400');
  expect(output).toContain('terraform/roots/example.pem has the root');
  expect(status).toBe(0);
  expect(signed).toEqual([['scripts/root-ceremony.ts', '--days', '400']]);
  expect(bound()).toEqual([]);
  expect(readFileSync(file(), 'utf8')).toBe(PEM);
  await hold();
  expect(readFileSync(file(), 'utf8')).toBe(PEM);
});

test('a root that replaces another is first of two', async () => {
  mkdirSync(join(folder, 'terraform/roots'));
  writeFileSync(file(), 'OLDER\n');
  await hold('--root-version', '2', '--endorsed-by', '1');
  expect(readFileSync(file(), 'utf8')).toBe(`${PEM}OLDER\n`);
});

test('a failure on the way takes the right back, too', async () => {
  refuse = (line) => line.includes('add-iam-policy-binding') && line.includes('license-directory');
  expect((await hold()).status).not.toBe(0);
  expect(bound()).toEqual([]);
  expect(existsSync(file())).toBe(false);
});

test('a right that cannot be taken back is said, with the command that does it', async () => {
  refuse = (line) => line.includes('remove-iam-policy-binding') && line.includes('license-root');
  const { status, output } = await hold();
  expect(status).toBe(2);
  expect(output).toContain(
    `STILL BOUND: gcloud kms keys remove-iam-policy-binding ${KEYS}/license-root --member user:somebody@example.com`,
  );
});
