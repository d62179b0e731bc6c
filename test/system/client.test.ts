import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { rootKey, verifyLicense } from '../../client/src/node.ts';
import { type ClientPackage, packClient } from './client-package.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
let client: ClientPackage;
beforeAll(async () => {
  client = await packClient();
});

async function seatsUsed(licenseId: string): Promise<number> {
  return (await suite.send('GET', `/api/v1/licenses/${licenseId}/usage`, undefined, 'owner')).body.seats_used;
}

/** Asks until it is so; the test's own time limit is the end of patience. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await sleep(50);
}

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a Node with the package in reach, and listens to what it says. */
function start(args: readonly string[], env: Record<string, string> = {}, node = process.execPath) {
  const state = join(client.project, 'state');
  const child = spawn(node, args, { cwd: client.project, env: { ...process.env, XDG_STATE_HOME: state, ...env } });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (part) => {
    said.stdout += part;
  });
  child.stderr.on('data', (part) => {
    said.stderr += part;
  });
  const ended = new Promise<Ended>((done) => {
    child.on('close', (status, signal) => done({ status, signal, ...said }));
  });
  return { child, said, ended };
}

const command = (args: readonly string[], env: Record<string, string> = {}) =>
  start([join(client.folder, 'countersign.js'), ...args], env).ended;

async function acquire(license_key: string, rest: object = {}) {
  return (await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'm', ...rest })).body;
}

describe('the package', () => {
  test('is under 60 kB, has no dependency, and holds nothing but what it needs', async () => {
    expect(client.tarballBytes).toBeLessThan(60_000);
    const description = JSON.parse(await readFile(join(client.folder, 'package.json'), 'utf8'));
    expect(Object.keys(description)).not.toContain('dependencies');
    expect(client.files.filter((name) => !/\.(js|cjs|d\.c?ts)$/.test(name) && name.includes('.'))).toEqual([
      'README.md',
      'cjs/package.json',
      'examples/docker/entrypoint.sh',
      'examples/github-actions/licensed.yml',
      'examples/page.html',
      'examples/react/proxy.mjs',
      'examples/react/use-seat.jsx',
      'examples/service.mjs',
      'examples/systemd/render.service',
      'package.json',
    ]);
  });

  const paths = [process.execPath, ...(process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'node'))];
  const found = new Map(
    paths
      .filter((path) => existsSync(path))
      .map((path) => [
        Number(execFileSync(path, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' })),
        path,
      ]),
  );
  for (const major of [20, 22, 24]) {
    const path = found.get(major);
    test.skipIf(path === undefined)(`imports clean in Node ${major} and checks a licence there`, async () => {
      const { license_key } = await suite.license(1);
      const { license_data } = await acquire(license_key);
      const keys = await suite.send('GET', '/api/v1/public-keys');
      const program = `
        import * as client from 'countersign-client';
        const { license, keys } = JSON.parse(process.env.INPUT);
        const good = await client.verifyLicense(license, keys, { hardwareId: 'm' });
        const bad = await client.verifyLicense({ ...license, tier: 'enterprise' }, keys);
        console.log(JSON.stringify([Object.keys(client).includes('holdSeat'), good.valid, bad.reason]));`;
      const env = { INPUT: JSON.stringify({ license: license_data, keys: keys.body }) };
      const ended = await start(['--input-type=module', '-e', program], env, path).ended;
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(ended.stdout)).toEqual([true, true, 'bad_signature']);
    });
  }

  test('its declarations compile in strict projects of both kinds, without types of Node and without skipLibCheck', async () => {
    const program = (
      print: string,
    ) => `import { holdSeat, rootKey, SeatError, verifyLicense, type Seat, type SeatClaims } from 'countersign-client';
       export async function run(): Promise<string> {
         const seat: Seat = await holdSeat({ url: 'http://127.0.0.1', licenseKey: 'k', product: 'a', keys: rootKey(''), hostname: false });
         try {
           await seat.release();
         } catch (error) {
           if (error instanceof SeatError) return error.code;
         }
         const check = await verifyLicense('{}', '');
         // @ts-expect-error a misspelt option is found
         await holdSeat({ url: '', licenceKey: '', product: seat.state, keys: rootKey('') });
         const typed = await holdSeat<'export' | 'admin'>({ url: '', licenseKey: '', product: 'a', keys: rootKey('') });
         const tier: string | undefined = typed.license.claims.tier;
         // @ts-expect-error a misspelt feature is found
         typed.hasFeature('exprot');
         const contract = await verifyLicense<SeatClaims & { readonly contract: number }>('{}', '');
         if (contract.valid) return String(contract.claims.contract + (contract.claims.max_seats ?? 0)) + tier;
         return check.valid ? check.form : check.reason;
       }
       ${print}`;
    await writeFile(join(client.project, 'program.mts'), program('await run();'));
    await writeFile(join(client.project, 'program.cts'), program('void run();'));
    const tsc = join(resolve(import.meta.dirname, '../..'), 'node_modules/typescript/bin/tsc');
    const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'node16', '--target', 'es2022'];
    const args = [tsc, '--ignoreConfig', ...strict, '--lib', 'es2022,dom', '--types', '', 'program.mts', 'program.cts'];
    expect(await start(args).ended).toMatchObject({ status: 0, stdout: '' });
  });

  test('`require` and `import` give the same thing, not two copies of it', async () => {
    const program = `
      const a = require('countersign-client');
      import('countersign-client').then(({ default: _, ...b }) =>
        console.log(Object.keys(b).length > 10 && Object.keys(b).every((name) => a[name] === b[name]), typeof a.holdSeat, Object.keys(a).length === Object.keys(b).length));`;
    expect(await start(['-e', program]).ended).toMatchObject({ status: 0, stdout: 'true function true\n' });
  });

  test('a bundler for browsers takes nothing of Node along', async () => {
    await writeFile(
      join(client.project, 'page.mjs'),
      "import { unpinnedKeys, verifyLicense } from 'countersign-client';\nconsole.log((await verifyLicense('no licence', unpinnedKeys())).reason);",
    );
    const { outputFiles, warnings } = await build({
      absWorkingDir: client.project,
      entryPoints: ['page.mjs'],
      bundle: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      write: false,
    });
    const text = outputFiles[0]?.text ?? '';
    expect(warnings).toEqual([]);
    expect(text).not.toMatch(/\bnode:|process\./);
    expect(await start(['--input-type=module', '-e', text]).ended).toMatchObject({ status: 0, stdout: 'malformed\n' });
  });
});

test('every form that the server signs verifies', async () => {
  const { license_key } = await suite.license(2);
  const keys = (await suite.send('GET', '/api/v1/public-keys')).body;
  const jwks = (await suite.send('GET', '/.well-known/jwks.json')).body;
  const json = await acquire(license_key, { user_email: 'jörg@example.org' });
  const jws = await acquire(license_key, { token_format: 'jws' });
  const root = rootKey(suite.stack.rootKey, { url: suite.stack.gateway });
  for (const material of [root, keys, jwks, keys.keys[0].pem]) {
    expect(await verifyLicense(json, material, { hardwareId: 'm' })).toMatchObject({
      valid: true,
      form: 'signed-json',
    });
    expect(await verifyLicense(jws, material, { features: ['export'] })).toMatchObject({ valid: true, form: 'jws' });
  }
});

describe('countersign', () => {
  test('keys, then verify with them: valid, changed, another machine, no feature', async () => {
    const { license_key } = await suite.license(1);
    const keys = await command(['keys', '--url', suite.stack.gateway, '--json']);
    expect(keys.status).toBe(0);
    await writeFile(join(client.project, 'keys.json'), keys.stdout);
    const { url, root } = { url: suite.stack.gateway, root: await command(['root', '--url', suite.stack.gateway]) };
    expect(root).toMatchObject({ status: 0, stdout: suite.stack.rootKey });
    await writeFile(join(client.project, 'root.pem'), root.stdout);
    const answer = await acquire(license_key);
    await writeFile(join(client.project, 'license.json'), JSON.stringify(answer));
    await writeFile(join(client.project, 'changed.json'), JSON.stringify(answer).replace('export', 'admin'));
    const verify = (...args: string[]) => command(['verify', ...args, '--keys', 'keys.json', '--json']);
    const cases = await Promise.all([
      verify('license.json', '--feature', 'export', '--hardware-id', 'm'),
      verify('changed.json'),
      verify('license.json', '--hardware-id', 'n'),
      verify('license.json', '--feature', 'admin'),
      verify('license.json', '--at', '2099-01-01T00:00:00Z'),
      verify('missing.json'),
      command(['verify', 'license.json', '--keys', 'license.json']),
      command(['verify', 'license.json']),
      command(['verify', 'license.json', '--keys', 'keys.json', '--bogus']),
      command(['verify', 'license.json', '--root', 'root.pem', '--url', 'http://127.0.0.1:9'], {
        XDG_STATE_HOME: join(client.project, 'none'),
      }),
      command(['verify', 'license.json', '--root', 'root.pem', '--url', url, '--product', 'default']),
      command(['verify', 'license.json', '--root', 'root.pem', '--url', url, '--product', 'another']),
    ]);
    expect(cases.map(({ status }) => status)).toEqual([0, 1, 1, 1, 1, 66, 66, 64, 64, 69, 0, 1]);
    expect(cases.slice(0, 5).map(({ stdout }) => JSON.parse(stdout).reason)).toEqual([
      undefined,
      'bad_signature',
      'wrong_hardware',
      'missing_feature',
      'expired',
    ]);
    expect(JSON.parse(cases[5]?.stderr ?? '')).toMatchObject({ error: 'unreadable' });
    const told = await command(['verify', 'license.json', '--root', 'root.pem', '--url', url]);
    const lines = [...told.stdout.matchAll(/^ {2}(\w+) +(.+)$/gm)].map(([, name, value]) => [name, value]);
    const { license_data } = answer;
    expect(Object.fromEntries(lines)).toMatchObject({
      ...{ kind: 'seat', mode: 'online', license_id: license_data.license_id, product: 'default', hardware_id: 'm' },
      ...{ valid_until: license_data.valid_until, key_version: 'license-signing.1' },
      key_list: expect.stringMatching(/^\d+, good until \d{4}-\S+Z$/),
    });
    const here = await command(['hardware-id', '--hardware-id', 'lab-7', '--product', 'default']);
    expect(here).toMatchObject({ stdout: 'lab-7\n', stderr: 'countersign: request code HW-2DHGP-4B9QW-2SY3X\n' });
    const pem = await command(['keys', '--url', suite.stack.gateway, '--pem', 'license-signing.1']);
    expect(pem.stdout).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    const checked = (file: string) => command(['keys', '--url', suite.stack.gateway, '--root', file]);
    const { stdout, stderr } = await checked('root.pem');
    expect(stdout).toMatch(/^license-signing\.1 {2}signing {2}\S{43}\n$/);
    expect(stderr).toMatch(/^list \d+ of \S+, good until \S+; its directory key until \S+\n$/);
    await writeFile(join(client.project, 'other.pem'), pem.stdout);
    expect(await checked('other.pem')).toMatchObject({ status: 1, stdout: '' });
  });

  test('help names every command and exit status', async () => {
    const { status, stdout } = await command(['--help']);
    expect(status).toBe(0);
    for (const word of ['verify', 'hold', 'keys', '--json', '64', '66', '69', '75', '77'])
      expect(stdout).toContain(word);
    expect((await command(['--version'])).stdout).toBe('0.1.0\n');
    expect((await command(['nonsense'])).status).toBe(64);
  });

  test('hold: the command runs with the seat held, and its status comes back', async () => {
    const { license_key, license_id } = await suite.license(1);
    const hold = (...program: string[]) =>
      start(
        [
          join(client.folder, 'countersign.js'),
          'hold',
          '--url',
          suite.stack.gateway,
          '--product',
          'default',
          '--json',
          '--',
          ...program,
        ],
        {
          COUNTERSIGN_LICENSE_KEY: license_key,
          COUNTERSIGN_ROOT_KEY: suite.stack.rootKey,
        },
      );
    const holding = hold(process.execPath, '-e', 'process.stdin.resume(); console.log("here")');
    await until(() => holding.said.stdout.includes('here'));
    expect(await seatsUsed(license_id)).toBe(1);

    const pinned = { COUNTERSIGN_ROOT_KEY: suite.stack.rootKey, COUNTERSIGN_PRODUCT: 'default' };
    const other = { ...pinned, COUNTERSIGN_LICENSE_KEY: license_key, COUNTERSIGN_HARDWARE_ID: 'another' };
    const denied = await command(['hold', '--url', suite.stack.gateway, '--', process.execPath, '-e', ''], other);
    expect(denied).toMatchObject({ status: 75, stdout: '' });

    holding.child.kill('SIGTERM');
    const ended = await holding.ended;
    expect(ended.status).toBe(128 + 15);
    expect(ended.stderr).not.toContain(license_key);
    const events = ended.stderr.trim().split('\n');
    expect(events.map((line) => JSON.parse(line).type)).toEqual(['held', 'released']);
    expect(await seatsUsed(license_id)).toBe(0);

    expect((await hold(process.execPath, '-e', 'process.exit(7)').ended).status).toBe(7);
    expect((await hold('no-such-program').ended).status).toBe(127);
    expect(await seatsUsed(license_id)).toBe(0);
    const unknown = { ...pinned, COUNTERSIGN_LICENSE_KEY: 'CS-NONSENSE' };
    expect((await command(['hold', '--url', suite.stack.gateway, '--', 'true'], unknown)).status).toBe(77);
  });

  test('hold: without a licence key, a root key or a product it names what is missing', async () => {
    const all = {
      COUNTERSIGN_LICENSE_KEY: 'k',
      COUNTERSIGN_ROOT_KEY: suite.stack.rootKey,
      COUNTERSIGN_PRODUCT: 'default',
    };
    for (const missing of ['COUNTERSIGN_LICENSE_KEY', 'COUNTERSIGN_ROOT_KEY', 'COUNTERSIGN_PRODUCT']) {
      const env = { ...all, [missing]: '' };
      const { status, stderr } = await command(['hold', '--url', suite.stack.gateway, '--', 'true'], env);
      expect([status, stderr]).toEqual([64, expect.stringContaining(missing)]);
    }
  });

  test('borrow, status, return: a seat for days, with and without the server, and by a file', async () => {
    const terms = { tenant_id: 'demo', tier: 'starter', max_seats: 1, expires_at: null };
    const borrow = { max_seats: 1, early_return: true };
    const { license_id, license_key } = (await suite.post('/api/v1/licenses', { ...terms, borrow }, 'staff')).body;
    const env = {
      COUNTERSIGN_LICENSE_KEY: license_key,
      COUNTERSIGN_ROOT_KEY: suite.stack.rootKey,
      COUNTERSIGN_PRODUCT: 'default',
      COUNTERSIGN_URL: suite.stack.gateway,
      XDG_STATE_HOME: join(client.project, 'borrowing'),
    };
    const offline = { ...env, COUNTERSIGN_URL: 'http://127.0.0.1:9' };
    const states = async (surroundings: Record<string, string>) => {
      const { status, stdout } = await command(['status', '--json'], surroundings);
      return [status, JSON.parse(stdout).state];
    };
    expect(await states(env)).toEqual([1, 'none']);
    expect(await command(['return'], env)).toMatchObject({ status: 77, stderr: expect.stringContaining('borrowed') });
    expect((await command(['borrow', '--days', '8'], env)).status).toBe(77);
    expect(await seatsUsed(license_id)).toBe(0);

    const borrowed = await command(['borrow', '--days', '2'], env);
    expect([borrowed.status, borrowed.stderr]).toEqual([0, expect.stringContaining('seat borrowed until')]);
    const days = (Date.parse(borrowed.stdout.trim()) - suite.stack.clock.now()) / 86_400_000;
    expect(days).toBeCloseTo(2, 2);
    expect(await seatsUsed(license_id)).toBe(1);

    expect(await states(offline)).toEqual([0, 'borrowed']);
    expect(await command(['hold', '--', process.execPath, '-p', '6 * 7'], offline)).toMatchObject({
      status: 0,
      stdout: '42\n',
    });
    expect((await command(['return'], offline)).status).toBe(69);
    expect(await seatsUsed(license_id)).toBe(1);
    expect(await command(['return'], env)).toMatchObject({ status: 0 });
    expect([await seatsUsed(license_id), await states(env)]).toEqual([0, [1, 'none']]);

    const request = { license_key, hardware_id: 'without a network', token_format: 'file' };
    const { license_file } = (await suite.post('/api/v1/licenses/borrow', request)).body;
    await writeFile(join(client.project, 'seat.txt'), license_file);
    const file = ['--license-file', 'seat.txt', '--hardware-id', 'without a network'];
    expect((await command(['hold', ...file, '--', 'true'], { ...offline, COUNTERSIGN_LICENSE_KEY: '' })).status).toBe(
      0,
    );
    expect((await command(['hold', ...file.slice(0, 2), '--', 'true'], offline)).status).toBe(77);
    expect(await seatsUsed(license_id)).toBe(1);
  });

  test('hold --wait: the place in the queue is told, and given up by a signal', async () => {
    const terms = { tenant_id: 'demo', tier: 'starter', max_seats: 1, expires_at: null };
    const created = await suite.post('/api/v1/licenses', { ...terms, queue: { max_length: 5 } }, 'staff');
    const { license_key } = created.body;
    const { session_id } = await acquire(license_key);
    const env = { COUNTERSIGN_ROOT_KEY: suite.stack.rootKey, COUNTERSIGN_PRODUCT: 'default' };
    const hold = (machine: string) =>
      start(
        [
          ...[join(client.folder, 'countersign.js'), 'hold', '--url', suite.stack.gateway, '--wait', '600'],
          ...['--', process.execPath, '-p', '6 * 7'],
        ],
        { ...env, COUNTERSIGN_LICENSE_KEY: license_key, COUNTERSIGN_HARDWARE_ID: machine },
      );
    const first = hold('first');
    await until(() => first.said.stderr.includes('place 1 of 1'));
    const second = hold('second');
    await until(() => second.said.stderr.includes('place 2 of 2'));
    second.child.kill('SIGINT');
    expect((await second.ended).status).toBe(128 + 2);
    const third = hold('third');
    await until(() => third.said.stderr.includes('place 2 of 2'));
    await suite.post('/api/v1/licenses/release', { session_id });
    expect(await first.ended).toMatchObject({ status: 0, stdout: '42\n' });
    expect(await third.ended).toMatchObject({ status: 0, stdout: '42\n' });
  });
});
