import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { has } from '../programs.ts';
import { run, scratch, useSuite } from './suite.ts';

/** The client in Go as its users have it: a module beside their own, and the examples of its README, against a running suite. */
const suite = useSuite();
const MODULE = resolve(import.meta.dirname, '../../clients/go');

describe.skipIf(!has('go'))('the client in Go (needs go)', () => {
  let folder: string;
  let env: Record<string, string | undefined>;
  beforeAll(async () => {
    folder = await scratch();
    const { license_key, license_id } = await suite.license(2);
    const borrow = { max_seats: 1, early_return: true };
    await suite.send('PATCH', `/api/v1/licenses/${license_id}`, { borrow }, 'staff');
    const asked = { license_key, hardware_id: 'file', token_format: 'file' };
    const { license_file } = (await suite.post('/api/v1/licenses/acquire', asked)).body;
    const root = (await suite.send('GET', '/api/v1/root-keys.pem')).text;
    const text = await readFile(join(MODULE, 'README.md'), 'utf8');
    for (const [, name = '', program = ''] of text.matchAll(/```go (\w+)\n([\s\S]*?)```/g)) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'main.go'), program);
      await writeFile(join(folder, name, 'root.pem'), root);
    }
    await writeFile(join(folder, 'license.txt'), license_file);
    const module = `module example\n\ngo 1.19\n\nrequire countersign.example/client v0.1.0\n\nreplace countersign.example/client => ${MODULE}\n`;
    await writeFile(join(folder, 'go.mod'), module);
    const { PATH } = process.env;
    const GOCACHE = (await run('go', ['env', 'GOCACHE'])).stdout.trim(); // what the adapter was compiled with
    env = {
      ...{ PATH, HOME: folder, GOCACHE, GOFLAGS: '-mod=mod', GOPROXY: 'off', COUNTERSIGN_URL: suite.stack.gateway },
      COUNTERSIGN_LICENSE_KEY: license_key,
    };
  }, 60_000);

  test('the examples of its README', { timeout: 240_000 }, async () => {
    const go = async (...args: string[]) => (await run('go', args, { cwd: folder, env })).stdout.trim();
    expect(await go('run', './first')).toBe('licensed: professional true');
    expect(await go('run', './verify')).toBe('professional');
    expect(await go('run', './borrow')).toBe('borrowed 24h0m0s\nreleased');
  });

  test('is written as Go is, and vet has nothing against it', { timeout: 240_000 }, async () => {
    expect((await run('gofmt', ['-l', '.'], { cwd: MODULE })).stdout).toBe('');
    await run('go', ['vet', './...'], { cwd: MODULE, env });
  });

  // With CLIENT_GO_RACE under the race detector, which compiles the standard library anew: a minute of both processors.
  test('its own tests', { timeout: 400_000 }, async () => {
    const race = process.env['CLIENT_GO_RACE'] === undefined ? [] : ['-race'];
    await run('go', ['test', ...race, './...'], { cwd: MODULE, env });
  });
});
