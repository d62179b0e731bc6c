import { execFile, spawn } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ClientPackage, packClient } from './client-package.ts';
import { RUNTIMES } from './runtimes.ts';
import { run, scratch, useSuite } from './suite.ts';

const suite = useSuite();
let client: ClientPackage;
const example = (...path: string[]) => join(client.folder, 'examples', ...path);
beforeAll(async () => {
  client = await packClient();
  const bin = join(client.project, 'bin');
  await mkdir(bin);
  await symlink(join(client.folder, 'countersign.js'), join(bin, 'countersign'));
});

const used = async (id: string): Promise<number> =>
  (await suite.send('GET', `/api/v1/licenses/${id}/usage`, undefined, 'owner')).body.seats_used;

const envOf = (license_key: string) => ({
  ...process.env,
  PATH: `${join(client.project, 'bin')}:${process.env['PATH']}`,
  XDG_STATE_HOME: join(client.project, 'state'),
  COUNTERSIGN_URL: suite.stack.gateway,
  COUNTERSIGN_LICENSE_KEY: license_key,
  COUNTERSIGN_ROOT_KEY: suite.stack.rootKey,
  COUNTERSIGN_PRODUCT: 'default',
});

const VARIABLES = ['COUNTERSIGN_URL', 'COUNTERSIGN_LICENSE_KEY', 'COUNTERSIGN_ROOT_KEY', 'COUNTERSIGN_HARDWARE_ID'];

describe('examples', () => {
  test('the Docker entry point holds a seat for its command, and ends as it does', async () => {
    const { license_key, license_id } = await suite.license(1);
    // As docker's --env-file passes a quoted value.
    const env = { ...envOf(`"${license_key.toLowerCase()}"`), COUNTERSIGN_HARDWARE_ID: '“render-1”\r' };
    const child = spawn(example('docker', 'entrypoint.sh'), ['sh', '-c', 'echo working; sleep 30'], { env });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    while (!output.includes('working')) await sleep(50);
    expect(await used(license_id)).toBe(1);
    child.kill('SIGTERM');
    expect(await ended).toBe(128 + 15);
    expect(await used(license_id)).toBe(0);
    await expect(run(example('docker', 'entrypoint.sh'), ['true'], { env: { PATH: env.PATH } })).rejects.toMatchObject({
      stderr: expect.stringContaining('COUNTERSIGN_URL'),
    });
  });

  test('the proxy of the React page serves a page and passes the routes of seats on, no others', async () => {
    const { license_key } = await suite.license(1);
    const page = join(client.project, 'page');
    await mkdir(page);
    await writeFile(join(page, 'index.html'), '<!doctype html><title>page</title>');
    const child = spawn(process.execPath, [example('react', 'proxy.mjs'), page], { env: envOf(license_key) });
    const [line] = await new Promise<string[]>((resolve) =>
      child.stdout.on('data', (chunk) => resolve(String(chunk).match(/http:\S+/) ?? [])),
    );
    const post = (path: string, body: object) =>
      fetch(line + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect(await (await fetch(`${line}/`)).text()).toContain('<title>page');
    expect((await post('/api/v1/licenses/acquire', { license_key, hardware_id: 'page' })).status).toBe(201);
    expect((await post('/api/v1/licenses', {})).status).toBe(404);
    child.kill();
  });

  // Electron, systemd and GitHub cannot run here: these are checked for their syntax alone.
  test('syntax: the React hook, Electron, the systemd unit, the GitHub workflow', async () => {
    const jsx = await readFile(example('react', 'use-seat.jsx'), 'utf8');
    expect((await transform(jsx, { loader: 'jsx', jsx: 'automatic' })).warnings).toEqual([]);
    await run(process.execPath, ['--check', example('electron', 'main.cjs')]);
    const unit = await readFile(example('systemd', 'render.service'), 'utf8');
    const lines = unit.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.filter((line) => !/^(\[(Unit|Service|Install)\]|[A-Z]\w+=.+)$/.test(line))).toEqual([]);
    const workflow = await readFile(example('github-actions', 'licensed.yml'), 'utf8');
    expect(workflow).not.toContain('\t');
    const python =
      "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.read())['jobs']['build']['env']))";
    const parsed = promisify(execFile)('python3', ['-c', python]);
    parsed.child.stdin?.end(workflow);
    const environment = await parsed.then(
      ({ stdout }) => Object.keys(JSON.parse(stdout)),
      () => VARIABLES, // no yaml module here
    );
    expect(environment).toEqual(VARIABLES);
  });
});

describe('the first example of README.md runs as it is pasted', () => {
  for (const { name, path, args } of RUNTIMES) {
    test.skipIf(path === undefined)(`in ${name}`, async () => {
      const { license_key, license_id } = await suite.license(1);
      const readme = await readFile(join(client.folder, 'README.md'), 'utf8');
      const shown = /```js\n(.*?)```/s.exec(readme)?.[1] ?? '';
      // The product that the test's licence is for.
      const program = shown.replace("product: 'my-program'", "product: 'default'");
      await writeFile(join(client.project, 'first.mjs'), program);
      const env = envOf(license_key);
      const { stdout } = await run(path ?? '', [...args, 'first.mjs'], { cwd: client.project, env });
      expect(stdout).toBe('held\nwith export\nreleased\n');
      expect(await used(license_id)).toBe(0);
    });
  }
});

test('who cannot keep anything and has no home holds a seat all the same, and says so', async () => {
  const { license_key, license_id } = await suite.license(1);
  const args = ['hold', '--json', '--', 'true'];
  const { stderr } = await run(process.execPath, [join(client.folder, 'countersign.js'), ...args], {
    env: { ...envOf(license_key), XDG_STATE_HOME: '/proc/nowhere', HOME: '' },
  });
  const types = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).type);
  expect(types).toEqual(['storage_unavailable', 'held', 'released']);
  expect(await used(license_id)).toBe(0);
});

test.skipIf(process.getuid?.() !== 0)(
  'a second user with the directory of the first one holds a seat (needs root)',
  async () => {
    const { license_key, license_id } = await suite.license(1);
    const state = join(client.project, 'of-the-first');
    await mkdir(state, { mode: 0o700 });
    const folder = join(await scratch(), 'package');
    await cp(client.folder, folder, { recursive: true });
    await chmod(join(folder, '..'), 0o755);
    // A Node that others may run: the project's folder need not let them in.
    const node = join(folder, 'node');
    await copyFile(process.execPath, node);
    const { stderr } = await run(node, [join(folder, 'countersign.js'), 'hold', '--json', '--', 'true'], {
      cwd: '/',
      uid: 65_534,
      gid: 65_534,
      env: { ...envOf(license_key), XDG_STATE_HOME: state },
    });
    const types = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect(types).toEqual(['storage_unavailable', 'held', 'released']);
    expect(await used(license_id)).toBe(0);
  },
);
