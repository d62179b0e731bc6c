import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { until, useClient } from './client-programs.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
const { client, seatsUsed, acquire, start, command } = useClient(suite);

describe('the package', () => {
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
    await writeFile(join(client().project, 'program.mts'), program('await run();'));
    await writeFile(join(client().project, 'program.cts'), program('void run();'));
    const tsc = join(resolve(import.meta.dirname, '../..'), 'node_modules/typescript/bin/tsc');
    const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'node16', '--target', 'es2022'];
    const args = [tsc, '--ignoreConfig', ...strict, '--lib', 'es2022,dom', '--types', '', 'program.mts', 'program.cts'];
    expect(await start(args).ended).toMatchObject({ status: 0, stdout: '' });
  });
});

describe('countersign', () => {
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
      XDG_STATE_HOME: join(client().project, 'borrowing'),
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
    await writeFile(join(client().project, 'seat.txt'), license_file);
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
          ...[join(client().folder, 'countersign.js'), 'hold', '--url', suite.stack.gateway, '--wait', '600'],
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
