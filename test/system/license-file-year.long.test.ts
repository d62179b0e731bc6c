import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { rootKey } from '../../client/src/keys/root.ts';
import { verifyLicense } from '../../client/src/license/verify.ts';
import { has } from '../programs.ts';
import { run, scratch, useSuite } from './suite.ts';

/**
 * A machine without a network, eleven months and eleven rotations after its licence file was made: it has the root key that
 * its program was built with, the file, and nothing else.
 */
const suite = useSuite();
const DAY = 86_400;
const MONTHS = 11;

const cryptography = await run('python3', ['-c', 'import cryptography']).then(
  () => true,
  () => false,
);

let folder: string;
let file: string;
let root: string;
let signedAt: number;
beforeAll(async () => {
  const terms = { tenant_id: 'demo', tier: 'professional', max_seats: 1, offline_seconds: 366 * DAY };
  const { license_key } = (await suite.post('/api/v1/licenses', { ...terms, expires_at: null }, 'staff')).body;
  signedAt = suite.stack.clock.now();
  const asked = { license_key, hardware_id: 'lonely', token_format: 'file' };
  file = (await suite.post('/api/v1/licenses/acquire', asked)).body.license_file;
  root = (await suite.send('GET', '/api/v1/root-keys.pem')).text;
  folder = await scratch();
  await writeFile(join(folder, 'license.txt'), file);
  await writeFile(join(folder, 'root.pem'), root);

  const signing = new Set<string>();
  for (let month = 0; month < MONTHS; month += 1) {
    suite.stack.clock.advance(30.5 * DAY);
    await suite.send('POST', '/internal/keys/rotate', undefined, 'scheduler');
    suite.stack.clock.advance(2 * DAY);
    const { body } = await suite.send('POST', '/internal/keys/rotate', undefined, 'scheduler');
    signing.add(body.signing);
  }
  expect(signing.size).toBe(MONTHS);
}, 300_000);

const now = () => suite.stack.clock.now();

test('the client believes it for a year and a day, and not a moment longer', async () => {
  const verify = (time: number) => verifyLicense(file, rootKey(root), { now: time, product: 'default' });
  expect(now()).toBeGreaterThan(signedAt + 330 * DAY * 1000);
  expect(await verify(now())).toMatchObject({ valid: true, claims: { kind: 'seat', hardware_id: 'lonely' } });
  expect(await verify(signedAt + 365.9 * DAY * 1000)).toMatchObject({ valid: true });
  expect(await verify(signedAt + 366.1 * DAY * 1000)).toMatchObject({ valid: false, reason: 'stale' });
});

test.skipIf(!has('openssl', 'python3'))('openssl checks root, list and licence, one after the other', async () => {
  const steps = `
python3 - <<'PY'
import base64, json
lines = [line for line in open('license.txt') if '-----' not in line]
file = json.loads(base64.b64decode(''.join(lines)))
open('directory.pem', 'w').write(file['root']['pem'])
open('key.pem', 'w').write(next(key['pem'] for key in file['list']['keys'] if key['key_version'] == file['license']['key_version']))
for name, signed in file.items():
    open(name + '.signed.sig', 'wb').write(base64.b64decode(signed.pop('signature')))
    open(name + '.signed.txt', 'w').write(json.dumps(signed, sort_keys=True, separators=(',', ':')))
PY
openssl dgst -sha256 -verify root.pem -signature root.signed.sig root.signed.txt
openssl dgst -sha256 -verify directory.pem -signature list.signed.sig list.signed.txt
openssl dgst -sha256 -verify key.pem -signature license.signed.sig license.signed.txt`;
  const { stdout } = await run('sh', ['-euc', steps], { cwd: folder });
  expect(stdout.trim().split('\n')).toEqual(['Verified OK', 'Verified OK', 'Verified OK']);
});

test.skipIf(!cryptography)(
  'the Python of the guide believes it on that day (needs the package cryptography)',
  async () => {
    const guide = await readFile(resolve(import.meta.dirname, '../../docs/client-developer.md'), 'utf8');
    for (const [, name = '', program = ''] of guide.matchAll(/```py\n# (\w+\.py)\n([\s\S]*?)```/g))
      await writeFile(join(folder, name), program);
    const atThatTime = (seconds: number) =>
      `import runpy, time; real = time.gmtime; time.gmtime = lambda: real(${seconds}); runpy.run_path('file.py')`;
    const judge = (time: number) => run('python3', ['-c', atThatTime(Math.floor(time / 1000))], { cwd: folder });
    expect((await judge(now())).stdout).toBe('licensed: professional\n');
    await expect(judge(signedAt + 367 * DAY * 1000)).rejects.toThrow(/AssertionError/);
  },
);
