import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ClientPackage, packClient } from './client-package.ts';
import { RUNTIMES } from './runtimes.ts';
import { run, useSuite } from './suite.ts';

const suite = useSuite();
let client: ClientPackage;
beforeAll(async () => {
  client = await packClient();
});

const used = async (id: string): Promise<number> =>
  (await suite.send('GET', `/api/v1/licenses/${id}/usage`, undefined, 'owner')).body.seats_used;

const envOf = (license_key: string) => ({
  ...process.env,
  XDG_STATE_HOME: join(client.project, 'state'),
  COUNTERSIGN_URL: suite.stack.gateway,
  COUNTERSIGN_LICENSE_KEY: license_key,
  COUNTERSIGN_ROOT_KEY: suite.stack.rootKey,
});

const HOLD = `
const seat = await holdSeat({
  url: process.env.COUNTERSIGN_URL,
  licenseKey: process.env.COUNTERSIGN_LICENSE_KEY,
  product: 'default',
  keys: rootKey(process.env.COUNTERSIGN_ROOT_KEY),
  onEvent: (event) => console.log(event.type),
});
`;

const program = (rest: string): string =>
  `import { holdSeat, rootKey, verifyLicense } from 'countersign-client';\n${HOLD}\n${rest}`;

for (const { name, path = '', args } of RUNTIMES) {
  describe.skipIf(path === '')(`in ${name}`, () => {
    const file = `${name.replace(/\W/g, '')}.mjs`;
    const begin = async (rest: string) => {
      const { license_key, license_id } = await suite.license(1);
      await writeFile(join(client.project, file), program(rest));
      return { license_id, env: envOf(license_key) };
    };

    test('a seat is held, its licence verifies, a changed one does not, and the seat is given back', async () => {
      const { license_id, env } = await begin(`
        const keys = rootKey(process.env.COUNTERSIGN_ROOT_KEY, { url: process.env.COUNTERSIGN_URL });
        const answer = await fetch(process.env.COUNTERSIGN_URL + '/api/v1/licenses/acquire', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ license_key: process.env.COUNTERSIGN_LICENSE_KEY, hardware_id: seat.license.claims.hardware_id }),
        });
        const text = await answer.text();
        const good = await verifyLicense(text, keys, { product: 'default', features: ['export'] });
        const bad = await verifyLicense(text.replace('professional', 'enterprise'), keys);
        console.log(seat.state, seat.hasFeature('export'), seat.hasFeature('nothing'), good.valid, bad.reason);
        await seat.release();
        console.log(seat.state, seat.signal.aborted);
      `);
      const { stdout } = await run(path, [...args, file], { cwd: client.project, env });
      expect(stdout).toBe('held\nheld true false true bad_signature\nreleased\nreleased true\n');
      expect(await used(license_id)).toBe(0);
    });

    test.each([
      ['has nothing left to do', ''],
      ['calls process.exit()', 'process.exit(3);'],
      // The last moment is two seconds long, which a machine that runs other tests meanwhile may use up.
    ])('a program that %s gives the seat back', { retry: 2 }, async (_what, rest) => {
      const { license_id, env } = await begin(rest);
      const ended = await run(path, [...args, file], { cwd: client.project, env }).catch((error) => error);
      expect(ended.stdout).toMatch(/^held\n/);
      expect(ended.code ?? 0).toBe(rest === '' ? 0 : 3);
      expect(await used(license_id)).toBe(0);
    });

    test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
      '%s gives the seat back and ends the program',
      async (signal) => {
        const { license_id, env } = await begin('setInterval(() => {}, 1000);');
        const child = spawn(path, [...args, file], { cwd: client.project, env });
        const ended = new Promise((resolve) => child.on('close', (code, by) => resolve(by ?? code)));
        let output = '';
        child.stdout.on('data', (part) => {
          output += part;
        });
        while (!output.includes('held')) await sleep(50);
        child.kill(signal);
        expect(await ended).toBe(signal);
        expect(await used(license_id)).toBe(0);
      },
    );
  });
}
