import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { rootKey, verifyLicense } from '../../client/src/node.ts';
import { until, useClient } from './client-programs.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
const { client, seatsUsed, acquire, start, command } = useClient(suite);

describe('the package', () => {
  test('is under 60 kB, has no dependency, and holds nothing but what it needs', async () => {
    expect(client().tarballBytes).toBeLessThan(60_000);
    const description = JSON.parse(await readFile(join(client().folder, 'package.json'), 'utf8'));
    expect(Object.keys(description)).not.toContain('dependencies');
    expect(client().files.filter((name) => !/\.(js|cjs|d\.c?ts)$/.test(name) && name.includes('.'))).toEqual([
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

  test('`require` and `import` give the same thing, not two copies of it', async () => {
    const program = `
      const a = require('countersign-client');
      import('countersign-client').then(({ default: _, ...b }) =>
        console.log(Object.keys(b).length > 10 && Object.keys(b).every((name) => a[name] === b[name]), typeof a.holdSeat, Object.keys(a).length === Object.keys(b).length));`;
    expect(await start(['-e', program]).ended).toMatchObject({ status: 0, stdout: 'true function true\n' });
  });

  test('a bundler for browsers takes nothing of Node along', async () => {
    await writeFile(
      join(client().project, 'page.mjs'),
      "import { unpinnedKeys, verifyLicense } from 'countersign-client';\nconsole.log((await verifyLicense('no licence', unpinnedKeys())).reason);",
    );
    const { outputFiles, warnings } = await build({
      absWorkingDir: client().project,
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
    await writeFile(join(client().project, 'keys.json'), keys.stdout);
    const { url, root } = { url: suite.stack.gateway, root: await command(['root', '--url', suite.stack.gateway]) };
    expect(root).toMatchObject({ status: 0, stdout: suite.stack.rootKey });
    await writeFile(join(client().project, 'root.pem'), root.stdout);
    const answer = await acquire(license_key);
    await writeFile(join(client().project, 'license.json'), JSON.stringify(answer));
    await writeFile(join(client().project, 'changed.json'), JSON.stringify(answer).replace('export', 'admin'));
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
        XDG_STATE_HOME: join(client().project, 'none'),
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
    await writeFile(join(client().project, 'other.pem'), pem.stdout);
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
          join(client().folder, 'countersign.js'),
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
});
