import { spawnSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KeyManagementServiceClient } from '@google-cloud/kms';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endpointOptions } from '#shared/gcp/grpc.ts';
import { run, scratch, useSuite } from './suite.ts';
import { administratorsBucket } from './tasks.ts';

/** The walk-through of docs/task-payloads.md as it is written there, with KMS Decrypt in place of gcloud. */
const DOCUMENT = resolve(import.meta.dirname, '../../docs/task-payloads.md');
const PYTHON = spawnSync('python3', ['-c', 'import cryptography']).status === 0;

const suite = useSuite();
let directory: string;
let taskId: string;
const payload = { key: 'sk-1', name: 'Grüße 🦊' };

beforeAll(async () => {
  directory = await scratch();
  const { body } = await suite.post('/api/v1/tasks', { payload }, 'service');
  taskId = body.task_id;
  await administratorsBucket(suite)
    .file(body.object)
    .download({ destination: join(directory, 'task.bin') });
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function block(language: string, name: string): Promise<string> {
  const text = await readFile(DOCUMENT, 'utf8');
  const code = new RegExp(`^\`\`\`${language} ${name}\n(.*?)^\`\`\`$`, 'ms').exec(text)?.[1];
  if (code === undefined) throw new Error(`the document has no ${language} block ${name}`);
  return code;
}

async function unwrap(wrapped: Uint8Array): Promise<void> {
  const environment = suite.stack.environment('task-worker');
  const kms = new KeyManagementServiceClient(endpointOptions(environment['KMS_ENDPOINT']));
  const [{ plaintext }] = await kms.decrypt({ name: suite.stack.project.payloadKey, ciphertext: Buffer.from(wrapped) });
  await writeFile(join(directory, 'key.plain'), plaintext ?? '');
  await kms.close();
}

const opened = (program: string, ...args: string[]) => run(program, [...args, taskId], { cwd: directory });

test.skipIf(!PYTHON)('opens in Python', async () => {
  await run('python3', ['-c', await block('python', 'split')], { cwd: directory });
  await unwrap(await readFile(join(directory, 'key.wrapped')));
  const { stdout } = await opened('python3', '-c', await block('python', 'open'));
  expect(JSON.parse(stdout)).toEqual(payload);
});

test('opens with WebCrypto', async () => {
  const blob = await readFile(join(directory, 'task.bin'));
  await unwrap(blob.subarray(4, 4 + blob.readUInt32BE(0)));
  await writeFile(join(directory, 'open.mjs'), await block('js', 'open'));
  const { stdout } = await opened(process.execPath, 'open.mjs');
  expect(JSON.parse(stdout)).toEqual(payload);
});

test('does not open as another task’s', async () => {
  const blob = await readFile(join(directory, 'task.bin'));
  await unwrap(blob.subarray(4, 4 + blob.readUInt32BE(0)));
  await writeFile(join(directory, 'open.mjs'), await block('js', 'open'));
  const other = run(process.execPath, ['open.mjs', crypto.randomUUID()], { cwd: directory });
  await expect(other).rejects.toMatchObject({ code: 1, stdout: '' });
});
