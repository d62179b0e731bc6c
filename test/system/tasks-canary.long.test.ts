import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { taskObject } from '#shared/model/task.ts';
import { scratch, useSuite } from './suite.ts';
import { administratorsBucket, shell, startWorker, type Worker } from './tasks.ts';

/**
 * A secret with a mark goes every way that a payload can go. Afterwards whatever the suite wrote, answered, stored or
 * showed in its processes is searched for the mark, as it is and in the ways bytes are commonly written down.
 */
const MARK = `canary${randomBytes(12).toString('hex')}`;
const STATE = resolve(import.meta.dirname, '../../.local/test');
const PATH = '/api/v1/tasks';

const suite = useSuite();
let empty: string;
const seen: [where: string, text: string][] = [];
const payload = { env: { API_KEY: MARK, nested: [{ ssh: `-----BEGIN ${MARK}-----` }] } };

beforeAll(async () => {
  empty = await scratch();
});
afterAll(async () => {
  await rm(empty, { recursive: true, force: true });
});

async function send(what: string, body: unknown, headers = {}) {
  const reply = await suite.send('POST', PATH, body, 'service', headers);
  seen.push([`the answer: ${what}`, `${JSON.stringify([...reply.headers])}${reply.text}`]);
  return reply;
}
const fault = (service: string, method: string, code: string, rest = {}) =>
  suite.stack.recorder.inject({ service, method, code, ...rest });
const seal = async () => String((await send('sealed', { payload })).body.task_id);

async function finish(what: string, worker: Worker): Promise<number | string> {
  const status = await worker.ended;
  seen.push([`the worker's output: ${what}`, worker.output()]);
  return status;
}

test('answers and failures of sealing', async () => {
  const key = { 'idempotency-key': crypto.randomUUID() };
  const statuses: number[] = [];
  const note = async (what: string, body: unknown, headers = {}) =>
    statuses.push((await send(what, body, headers)).status);
  await note('sealed', { payload }, key);
  await note('repeated', { payload }, key);
  await note('reused', { payload: { ...payload, more: MARK } }, key);
  await note('another member', { payload, run: MARK });
  await note('a wrong type', { payload: MARK });
  await note('broken JSON', `{"payload": {"a": "${MARK}", ${MARK}`);
  await note('a rounded number', `{"payload": {"a": "${MARK}", "b": 9007199254740993}}`);
  await note('too large', { payload: { a: MARK.repeat(500_000) } });
  for (const [service, method] of [
    ['kms', 'Encrypt'],
    ['storage', 'insert'],
    ['firestore', 'Commit'],
    ['run', 'RunJob'],
  ] as const) {
    fault(service, method, 'PERMISSION_DENIED');
    await note(`${service} refuses`, { payload, run: true });
    suite.stack.recorder.forgetFaults();
  }
  fault('run', 'RunJob', 'UNAVAILABLE');
  await note('start unknown', { payload, run: true });
  expect(statuses).toEqual([201, 201, 409, 400, 400, 400, 400, 413, 503, 503, 503, 503, 201]);
});

test('the job, and the worker in every way it can end', { timeout: 240_000 }, async () => {
  const { body } = await send('run', { payload, run: true });
  await vi.waitUntil(async () => !(await administratorsBucket(suite).file(body.object).exists())[0], 50_000);

  const taskId = await seal();
  expect(await finish('failure', startWorker(suite, taskId, shell('cat > /dev/null; exit 3')))).toBe(3);
  expect(await finish('no program', startWorker(suite, taskId, ['/nonexistent']))).toBe(127);
  expect(await finish('crash', startWorker(suite, taskId, shell('kill -SEGV $$')))).toBe(139);
  const late = startWorker(suite, taskId, shell('sleep 9'), { WORKER_DEADLINE_SECONDS: '1' });
  expect(await finish('deadline', late)).toBe(124);
  for (const [service, method] of [
    ['kms', 'Decrypt'],
    ['storage', 'media'],
    ['storage', 'delete'],
  ] as const) {
    fault(service, method, 'PERMISSION_DENIED');
    expect(await finish(`${service}.${method} refuses`, startWorker(suite, taskId, ['true']))).not.toBe(0);
    suite.stack.recorder.forgetFaults();
  }
  await administratorsBucket(suite).file(taskObject(taskId)).save(randomBytes(200), { resumable: false });
  expect(await finish('damaged', startWorker(suite, taskId, ['true']))).toBe(65);
});

test.skipIf(process.platform !== 'linux').each(['SIGKILL', 'SIGSEGV'] as const)(
  'the processes while the payload is in their memory, and what %s leaves behind',
  async (signal) => {
    const worker = startWorker(suite, await seal(), shell('cat > /dev/null; echo $$ ready; exec sleep 2'), {
      TMPDIR: empty,
    });
    await vi.waitUntil(() => worker.output().includes('ready'), 50_000);
    const [, command = ''] = /^(\d+) ready$/m.exec(worker.output()) ?? [];
    for (const pid of [worker.child.pid, command]) {
      for (const file of ['cmdline', 'environ']) {
        const text = await readFile(`/proc/${pid}/${file}`, 'latin1');
        expect(text).not.toBe('');
        seen.push([`/proc/${pid}/${file}`, text]);
      }
    }
    worker.child.kill(signal);
    expect(await finish(signal, worker)).toBe(signal);
    expect(await readdir(empty)).toEqual([]);
  },
);

test('none of it all has the mark', async () => {
  seen.push(['the log', suite.log.join('\n')]);
  for (const collection of ['tasks', 'idempotency']) {
    const { project, firestore } = suite.stack;
    const documents = `http://${firestore}/v1/projects/${project.id}/databases/(default)/documents/${collection}`;
    const text = await (await fetch(documents, { headers: { authorization: 'Bearer owner' } })).text();
    expect(text).toContain(`/documents/${collection}/`);
    seen.push([`the documents of ${collection}`, text]);
  }
  let files = 0;
  for await (const [path, text] of filesBelow(STATE)) {
    files += 1;
    seen.push([path, text]);
  }
  expect(files).toBeGreaterThan(0);
  expect(seen.length).toBeGreaterThan(40);
  expect(seen.filter(([, text]) => shows(text)).map(([where]) => where)).toEqual([]);
});

test.each([
  ['as it is', MARK],
  ['in base64', Buffer.from(JSON.stringify(payload)).toString('base64')],
  ['in hexadecimal', Buffer.from(MARK).toString('hex')],
  ['as UTF-16', Buffer.from(MARK, 'utf16le').toString('latin1')],
  ['as a list of bytes', JSON.stringify(Buffer.from(MARK))],
])('the search finds the mark %s', (_, text) => expect(shows(`before ${text} after`)).toBe(true));

/** Base64 looks different at each of three offsets; what depends on the neighbours is cut off. */
function shows(text: string): boolean {
  const bytes = Buffer.from(MARK);
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  const forms = [
    MARK,
    bytes.toString('hex'),
    Buffer.from(MARK, 'utf16le').toString('latin1'),
    bytes.join(','),
    ...base64,
  ];
  return forms.some((form) => text.includes(form));
}

/** Other tests' stacks keep their files there too, and may delete them at any moment. */
async function* filesBelow(directory: string): AsyncGenerator<[string, string]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, 'latin1').catch(() => undefined);
    if (text !== undefined) yield [path, text];
  }
}
