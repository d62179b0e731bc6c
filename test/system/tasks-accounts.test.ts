import { KeyManagementServiceClient } from '@google-cloud/kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emailOf } from '#local/accounts.ts';
import { endpointOptions, status } from '#shared/gcp/grpc.ts';
import { taskObject } from '#shared/model/task.ts';
import { useSuite } from './suite.ts';
import { payloadBucket, startInstance } from './tasks.ts';

/** What each account must not be able to do, tried with its own credentials: in the stack these are its listeners. */
const suite = useSuite();
let object: string;
let taskId: string;
const clients: KeyManagementServiceClient[] = [];
beforeAll(async () => {
  const { body } = await suite.post('/api/v1/tasks', { payload: { a: 1 } }, 'service');
  taskId = body.task_id;
  object = taskObject(taskId);
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
});

function as(account: string) {
  const { stack } = suite;
  const environment = stack.environment(account);
  const kms = new KeyManagementServiceClient(endpointOptions(environment['KMS_ENDPOINT']));
  clients.push(kms);
  const bucket = payloadBucket(suite, environment['STORAGE_ENDPOINT'] ?? '');
  const name = stack.project.payloadKey;
  const run = (base: string | undefined) =>
    fetch(`${base}/v2/${stack.project.workerJob}:run`, {
      method: 'POST',
      body: JSON.stringify({ overrides: { containerOverrides: [{ env: [{ name: 'TASK_ID', value: taskId }] }] } }),
    }).then((response) => response.status);
  return {
    'read metadata': () => code(bucket.file(object).getMetadata()),
    'read content': () => code(bucket.file(object).download({ validation: false })),
    list: () => code(bucket.getFiles()),
    create: () => code(bucket.file('encrypted-payloads/x').save('x', { resumable: false, validation: false })),
    encrypt: () => code(kms.encrypt({ name, plaintext: Buffer.from('x') })),
    decrypt: () => code(kms.decrypt({ name, ciphertext: Buffer.from('x'.repeat(40)) })),
    'start a job': () => run(stack.run(emailOf(stack.project, account))),
  };
}

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'allowed',
    (error: unknown) => Object(error).code,
  );

const CANNOT = {
  'task-payloads': ['read metadata', 'read content', 'decrypt', 'start a job'],
  'task-worker': ['list', 'create', 'encrypt', 'start a job'],
  'task-dispatcher': ['read metadata', 'read content', 'list', 'create', 'encrypt', 'decrypt'],
} as const;

describe.each(Object.entries(CANNOT))('%s cannot', (account, actions) => {
  test.each(actions)('%s', async (action) => {
    const refused = action === 'encrypt' || action === 'decrypt' ? status.PERMISSION_DENIED : 403;
    expect(await as(account)[action]()).toBe(refused);
  });
});

test('and what each is for, it can', async () => {
  expect(await as('task-payloads').list()).toBe('allowed');
  expect(await as('task-payloads').encrypt()).toBe('allowed');
  expect(await as('task-worker')['read content']()).toBe('allowed');
  expect(await as('task-worker').decrypt()).toBe(status.INVALID_ARGUMENT);
});

test('to another service, a task is none and its Idempotency-Key another', async () => {
  const { stack, tokens } = suite;
  const email = 'other@example.com';
  await using instance = await startInstance(suite, {
    SERVICE_ACCOUNTS: `${emailOf(stack.project, 'backend')}=tasks,${email}=tasks`,
  });
  const send = async (token: string | undefined, method: string, path: string, body?: object) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'idempotency-key': 'the-same-for-both',
      ...(body && { 'content-type': 'application/json' }),
    };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${instance.url}/api/v1/tasks${path}`, init);
    return response.status;
  };
  const other = await stack.issuer.serviceToken({ email });
  expect(await send(tokens['service'], 'POST', '', { payload: { a: 1 } })).toBe(201);
  expect(await send(other, 'POST', '', { payload: { a: 2 } })).toBe(201);
  expect(await send(other, 'GET', `/${taskId}`)).toBe(404);
  expect(await send(other, 'POST', `/${taskId}/run`)).toBe(404);
  expect(await send(other, 'DELETE', `/${taskId}`)).toBe(404);
  expect(await send(tokens['service'], 'GET', `/${taskId}`)).toBe(200);
});
