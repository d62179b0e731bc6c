import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeCloud, fakeCloud, gcloud } from './fake-gcloud.ts';
import { installPrograms, type Programs } from './fake-program.ts';

const ROOT = join(import.meta.dirname, '../../..');
const BUILD = 'bbbbbbbb-2';
const digest = `r/x@sha256:${'b'.repeat(64)}`;

let cloud: FakeCloud;
let programs: Programs;
let host: Server;
let asked: Promise<void>;

/** A host whose answer to the smoke test never comes: whoever waits for it can be cancelled at leisure. */
beforeEach(async () => {
  cloud = fakeCloud(['admin', 'seats']);
  const object = (value: unknown) => ({ text: JSON.stringify(value), generation: 1 });
  cloud.objects['gs://releases/state/infrastructure.json'] = object({});
  cloud.objects[`gs://builds/releases/${BUILD}/release.json`] = object({
    build: BUILD,
    commit: 'c',
    created: '2026-11-26T10:00:00Z',
    images: { admin: digest, seats: digest, 'task-worker': digest },
    needs: {},
  });
  programs = await installPrograms({ gcloud: (args, input) => gcloud(cloud, args, input) });
  asked = new Promise((resolve) => {
    host = createServer(() => resolve());
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  host.closeAllConnections();
  host.close();
  await programs.close();
});

function start(extra: Readonly<Record<string, string>> = {}) {
  const { port } = host.address() as AddressInfo;
  const child = spawn(process.execPath, ['scripts/release/main.ts'], {
    cwd: ROOT,
    env: {
      PATH: `${programs.folder}:${dirname(process.execPath)}:/usr/bin:/bin`,
      _AUDIENCE: `http://127.0.0.1:${port}`,
      _BUILD: BUILD,
      _BUILDS_BUCKET: 'gs://builds',
      _CANDIDATE_URL: 'none',
      _DEPLOYER: 'deployer@example.iam.gserviceaccount.com',
      _JOB: 'task-worker',
      _PROJECT: 'example',
      _REGION: 'europe-west1',
      _RELEASES_BUCKET: 'gs://releases',
      SETTLE_SECONDS: '0',
      ...extra,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = new Promise<{ status: number | null; output: string }>((resolve) =>
    child.once('close', (status) => resolve({ status, output })),
  );
  return { child, ended };
}

const traffic = () => Object.values(cloud.services).map((service) => service.traffic);
const OLD = [{ 'admin-00001-old': 100 }, { 'seats-00001-old': 100 }];

test('cancelled in the middle of moving the traffic: everything goes back', { timeout: 60_000 }, async () => {
  const { child, ended } = start();
  await asked;
  expect(traffic()).not.toEqual(OLD);
  child.kill('SIGTERM');
  const { status, output } = await ended;
  expect(output).toContain('everything is back where it was');
  expect(status).toBe(1);
  expect(traffic()).toEqual(OLD);
  expect(Object.keys(cloud.objects)).not.toContain('gs://releases/state/turn.json');
});

test('out of time: the same', { timeout: 60_000 }, async () => {
  const { ended } = start({ TIMEOUT_SECONDS: '8' });
  const { status } = await ended;
  expect(status).toBe(1);
  expect(traffic()).toEqual(OLD);
});

test('killed outright: the next release undoes it first', { timeout: 60_000 }, async () => {
  const { child, ended } = start();
  await asked;
  child.kill('SIGKILL');
  await ended;
  expect(traffic()).not.toEqual(OLD);
  const turn = cloud.objects['gs://releases/state/turn.json'];
  expect(JSON.parse(turn?.text ?? '')).toMatchObject({
    release: BUILD,
    before: { services: { seats: { 'seats-00001-old': 100 } }, job: { image: 'r/worker-old' } },
  });
  // The same build again, without a host: it takes its own turn back, undoes, and goes through.
  const { status, output } = await start({ _SMOKE: 'off' }).ended;
  expect(output).toContain('first everything goes back to where it was');
  expect(status).toBe(0);
  expect(traffic()).toEqual([{ 'admin-00003-new': 100 }, { 'seats-00003-new': 100 }]);
});

test('a setting that is missing is named', async () => {
  const { status, output } = await start({ _REGION: '' }).ended;
  expect(status).not.toBe(0);
  expect(output).toContain('_REGION');
});
