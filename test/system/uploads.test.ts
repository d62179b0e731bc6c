import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { emailOf } from '#local/accounts.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
const COMPLETED = '/internal/uploads/completed';

type Store = ReturnType<typeof createFirestore>;
let store: Store;
beforeAll(() => {
  const { project, firestore } = suite.stack;
  store = createFirestore({ projectId: project.id, database: '(default)', endpoint: firestore });
});
afterAll(() => store.close());

/** What stands in the outbox about an object. */
async function eventsOf(object: string): Promise<readonly Record<string, unknown>[]> {
  const documents = await store.query({
    collection: 'events',
    where: [['type', '==', 'upload.completed']],
    limit: 1_000,
  });
  return documents
    .map(({ fields }) => ({ tenant_id: fields['tenant_id'], data: JSON.parse(String(fields['data'])) }))
    .filter(({ data }) => data.object === object);
}

const pushes = (): number => suite.stack.recorder.calls()['pubsub.push'] ?? 0;

async function until(object: string, count: number) {
  await vi.waitUntil(async () => (await eventsOf(object)).length >= count, { timeout: 20_000, interval: 50 });
  return eventsOf(object);
}

const fresh = () => `report-${randomUUID()}.txt`;
const md5 = (text: string) => createHash('md5').update(text).digest('base64');

/** A URL from the suite, and the upload that a client makes with it. */
async function upload(text: string, wish: object = {}, token = 'member') {
  const asked = { filename: fresh(), content_type: 'text/plain', ...wish };
  const { status, body } = await suite.post('/signed-url', asked, token);
  expect(status).toBe(200);
  if (body.fields !== undefined) {
    const form = new FormData();
    for (const [name, value] of Object.entries(body.fields)) form.append(name, String(value));
    form.append('file', new Blob([text]), 'a.txt');
    expect((await fetch(body.url, { method: 'POST', body: form })).status).toBe(204);
    return body;
  }
  const reply = await fetch(body.url, {
    method: body.method,
    headers: body.headers,
    ...(body.method === 'PUT' ? { body: text } : {}),
  });
  if (body.method === 'POST') {
    const session = reply.headers.get('location') ?? '';
    expect((await fetch(session, { method: 'PUT', body: text })).status).toBe(200);
  } else expect(reply.status).toBe(200);
  return body;
}

describe('upload.completed', () => {
  test.each(['PUT', 'RESUMABLE', 'POST'])(
    'of %s says what came, for whom, and who asked for the URL',
    async (method) => {
      const { blob_name } = await upload('twelve bytes', { method });
      expect(await until(blob_name, 1)).toEqual([
        {
          tenant_id: 'demo',
          data: {
            object: blob_name,
            size: 12,
            content_type: 'text/plain',
            md5: md5('twelve bytes'),
            tenant_id: 'demo',
            requested_by: { kind: 'user', id: expect.stringMatching(/^.+$/) },
            generation: expect.stringMatching(/^\d+$/),
            created_at: expect.stringMatching(/Z$/),
          },
        },
      ]);
    },
  );

  test('names a service, and the member of staff who asks for a customer', async () => {
    const callers = {
      service: { kind: 'service', id: emailOf(suite.stack.project, 'backend') },
      staff: { kind: 'staff', id: 'staff' },
    };
    for (const [token, requested_by] of Object.entries(callers)) {
      const { blob_name } = await upload('x', { tenant_id: 'other' }, token);
      expect(await until(blob_name, 1)).toMatchObject([{ tenant_id: 'other', data: { requested_by } }]);
    }
  });

  test('tells of each generation of an object, once', async () => {
    const filename = fresh();
    const { blob_name } = await upload('first', { filename });
    await until(blob_name, 1);
    await upload('second!', { filename });
    expect((await until(blob_name, 2)).map(({ data }) => Object(data).size).sort()).toEqual([5, 7]);
  });

  test('is there although the push failed, and once although it came twice', async () => {
    const before = pushes();
    suite.stack.recorder.inject({ service: 'pubsub', method: 'push', code: 'UNAVAILABLE', times: 1 });
    suite.stack.recorder.inject({
      service: 'pubsub',
      method: 'push',
      code: 'UNAVAILABLE',
      times: 1,
      after: 1,
      lost: true,
    });
    const { blob_name } = await upload('x');
    await vi.waitUntil(() => pushes() >= before + 3, { timeout: 20_000, interval: 50 });
    expect(await until(blob_name, 1)).toHaveLength(1);
  });

  test.each([false, true])(
    'is written when Firestore is there again; a lost answer makes no second one (%s)',
    async (lost) => {
      suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 2, lost });
      const { blob_name } = await upload('x');
      expect(await until(blob_name, 1)).toHaveLength(1);
    },
  );

  test('the metadata is signed: an upload that says another tenant or requester is refused', async () => {
    const { body } = await suite.post('/signed-url', { filename: fresh(), content_type: 'text/plain' }, 'member');
    for (const name of ['x-goog-meta-countersign-tenant', 'x-goog-meta-countersign-requested-by']) {
      expect(Object.keys(body.headers)).toContain(name);
      const { [name]: _, ...without } = body.headers;
      for (const headers of [without, { ...body.headers, [name]: 'user:somebody' }]) {
        expect([400, 403]).toContain((await fetch(body.url, { method: 'PUT', headers, body: 'x' })).status);
      }
    }
    expect(await eventsOf(body.blob_name)).toEqual([]);
  });
});

describe('the route of notifications', () => {
  const object = (rest: object = {}) => ({
    bucket: suite.stack.project.uploadBucket,
    name: 'demo/by-hand.txt',
    generation: '1795680000000000',
    size: '3',
    contentType: 'text/plain',
    md5Hash: md5('abc'),
    timeCreated: '2026-11-26T09:00:00.000Z',
    metadata: { 'countersign-tenant': 'demo', 'countersign-requested-by': 'service:a%40b' },
    ...rest,
  });
  const envelope = (data: unknown, attributes: object = { eventType: 'OBJECT_FINALIZE' }) => ({
    message: { data: Buffer.from(JSON.stringify(data)).toString('base64'), attributes, messageId: '1' },
    subscription: 'projects/p/subscriptions/s',
  });

  test('is for the account that pushes, and for nobody else', async () => {
    for (const token of [undefined, 'service', 'staff', 'owner', 'worker', 'foreign_service']) {
      const reply = await suite.post(COMPLETED, envelope(object()), token);
      expect([token, reply.status]).toEqual([token, token === undefined ? 401 : 403]);
    }
  });

  test('makes an event once, and none of what is no upload by a URL of ours', async () => {
    const token = await suite.stack.issuer.serviceToken({ email: emailOf(suite.stack.project, 'upload-push') });
    const outcome = async (body: object) => (await suite.post(COMPLETED, body, token)).body.outcome;
    const all = await Promise.all(Array.from({ length: 6 }, () => outcome(envelope(object()))));
    expect(all.every((one) => one === 'recorded' || one === 'duplicate')).toBe(true);
    expect(await outcome(envelope(object()))).toBe('duplicate');
    expect(await eventsOf('demo/by-hand.txt')).toMatchObject([
      { data: { requested_by: { kind: 'service', id: 'a@b' } } },
    ]);
    const ignored = [
      envelope(object(), { eventType: 'OBJECT_DELETE' }),
      envelope(object({ bucket: 'another' })),
      envelope(object({ metadata: undefined })),
      envelope(object({ metadata: { 'countersign-tenant': 'other', 'countersign-requested-by': 'user:x' } })),
      envelope(object({ metadata: { 'countersign-tenant': 'demo', 'countersign-requested-by': 'nobody' } })),
      envelope('text'),
      { message: { attributes: { eventType: 'OBJECT_FINALIZE' }, data: 'no base64 of JSON' } },
    ];
    for (const body of ignored) expect(await outcome(body)).toBe('ignored');
    expect(await suite.post(COMPLETED, { nothing: 1 }, token)).toMatchObject({ status: 400 });
  });
});
