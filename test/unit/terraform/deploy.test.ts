import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const IMAGES = 'seats r/seats@sha256:11\ntask-worker r/task-worker@sha256:22\nadmin r/admin@sha256:33\n';

let folder: string;

/** A gcloud that writes down what it was asked, and a smoke test that goes well as often as it is told. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deploy-'));
  cpSync(join(ROOT, 'scripts/deploy'), join(folder, 'scripts/deploy'), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  const program = (name: string, text: string) =>
    writeFileSync(join(folder, 'bin', name), `#!/usr/bin/env bash\n${text}\n`, { mode: 0o755 });
  program(
    'gcloud',
    'case "$*" in *describe*) printf "0\\t%s-00002-new\\n100\\t%s-00001-old\\n" "$4" "$4";; *print-identity-token*) echo token;; *) echo "$*" >>calls;; esac',
  );
  program(
    'node',
    'echo "smoke $SMOKE_URL $SMOKE_TOKEN" >>calls; left=$(cat goes-well); echo $((left - 1)) >goes-well; [ "$left" -gt 0 ]',
  );
  writeFileSync(join(folder, 'images.txt'), IMAGES);
  writeFileSync(join(folder, 'calls'), '');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(script: string, smokeTestsThatGoWell = 3, ...args: readonly string[]): Promise<string[]> {
  writeFileSync(join(folder, 'goes-well'), String(smokeTestsThatGoWell));
  const env = {
    PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
    SETTLE_SECONDS: '0',
    _AUDIENCE: 'https://licensing.example.com',
    _DEPLOYER: 'deployer@example.iam.gserviceaccount.com',
    _REGION: 'europe-west1',
  };
  const status = await new Promise<number>((resolve) => {
    const child = execFile('bash', [`scripts/deploy/${script}.sh`, ...args], { cwd: folder, env });
    child.once('exit', (code) => resolve(code ?? -1));
  });
  return [...readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').filter(Boolean), `status ${status}`];
}

const TO = '--region europe-west1';
const SMOKE = 'smoke https://licensing.example.com token';
const step = (percent: number) =>
  ['seats', 'admin'].map((name) => `run services update-traffic ${name} ${TO} --to-tags candidate=${percent} --quiet`);

describe('a release', () => {
  test('deploys every function without traffic, and remembers what serves', async () => {
    expect(await run('candidates')).toEqual([
      `run services update seats ${TO} --image r/seats@sha256:11 --no-traffic --tag candidate --quiet`,
      `run services update admin ${TO} --image r/admin@sha256:33 --no-traffic --tag candidate --quiet`,
      'status 0',
    ]);
    expect(readFileSync(join(folder, 'previous.txt'), 'utf8')).toBe('seats seats-00001-old\nadmin admin-00001-old\n');
  });

  test('moves the traffic in steps, the job last, and lets it follow the latest revision then', async () => {
    await run('candidates');
    writeFileSync(join(folder, 'calls'), '');
    expect(await run('traffic')).toEqual([
      ...[10, 50, 100].flatMap((percent) => [...step(percent), SMOKE]),
      `run jobs update task-worker ${TO} --image r/task-worker@sha256:22 --quiet`,
      ...['seats', 'admin'].map((name) => `run services update-traffic ${name} ${TO} --to-latest --quiet`),
      'status 0',
    ]);
  });

  test('goes back, all of it, when the smoke test fails on the way', async () => {
    await run('candidates');
    writeFileSync(join(folder, 'calls'), '');
    expect(await run('traffic', 1)).toEqual([
      ...[10, 50].flatMap((percent) => [...step(percent), SMOKE]),
      ...['seats', 'admin'].map(
        (name) => `run services update-traffic ${name} ${TO} --to-revisions ${name}-00001-old=100 --quiet`,
      ),
      'status 1',
    ]);
  });

  test('without a second host tests nothing before there is traffic', async () => {
    expect(await run('smoke', 3, 'none')).toEqual(['status 0']);
    expect(await run('smoke', 0, 'https://candidate.example.com')).toEqual([
      'smoke https://candidate.example.com token',
      'status 1',
    ]);
  });
});
