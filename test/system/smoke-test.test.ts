import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { useSuite } from './suite.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

const suite = useSuite();

/** What the pipeline runs at new revisions, run here. */
const smoke = (licenseKey: string, token = suite.tokens['service'] ?? '') =>
  run(process.execPath, ['scripts/smoke-test.ts'], {
    cwd: ROOT,
    env: { ...process.env, SMOKE_URL: suite.stack.gateway, SMOKE_TOKEN: token, SMOKE_LICENSE_KEY: licenseKey },
  });

describe('the smoke test', () => {
  test('signs, verifies, and takes a seat and gives it back', async () => {
    const { license_id, license_key } = await suite.license(1);
    const { stdout } = await smoke(license_key);
    expect(stdout.trim().split('\n')).toEqual([
      'keys: 200',
      'the front page: 200',
      'the console: 200',
      'its script: 200',
      'sign: 200',
      'verify: 200',
      'acquire: 201',
      'verify the seat: 200',
      'heartbeat: 200',
      'release: 200',
    ]);
    const usage = await suite.send('GET', `/api/v1/licenses/${license_id}/usage`, undefined, suite.tokens['staff']);
    expect(usage.body.seats_used).toBe(0);
  });

  test('takes no seat where there is no licence yet', async () => {
    const { stdout } = await smoke('none');
    expect(stdout.trim().split('\n')).toEqual([
      'keys: 200',
      'the front page: 200',
      'the console: 200',
      'its script: 200',
      'sign: 200',
      'verify: 200',
      'no licence yet: no seat was taken',
    ]);
  });

  test('fails with what does not work', async () => {
    await expect(smoke('none', suite.tokens['foreign_service'])).rejects.toMatchObject({
      code: 1,
      stdout: 'keys: 200\nthe front page: 200\nthe console: 200\nits script: 200\n',
      stderr: expect.stringMatching(/sign: 403 .*"code":"forbidden"/),
    });
  });
});
