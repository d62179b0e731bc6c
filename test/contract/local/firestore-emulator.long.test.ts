import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants, createServer } from 'node:http2';
import { promisify } from 'node:util';
import { v1 } from '@google-cloud/firestore';
import { credentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { type FirestoreEmulator, startFirestoreEmulator } from '#local/firestore/emulator.ts';
import { findEmulator } from '#local/firestore/find.ts';
import { type FirestoreProxy, startFirestoreProxy } from '#local/firestore/proxy.ts';
import { createRecorder } from '#local/recorder.ts';

const DATABASE = `projects/test-${randomUUID().slice(0, 8)}/databases/(default)`;
const DOCUMENTS = `${DATABASE}/documents`;

const recorder = createRecorder();
/** The environment without the emulator that tests share: here its start is what is tested. */
const WITHOUT_EMULATOR = { ...process.env, FIRESTORE_EMULATOR_HOST: '' };

let emulator: FirestoreEmulator;
let proxy: FirestoreProxy;
let client: Client;

type Client = InstanceType<typeof v1.FirestoreClient>;

function connectTo(address: string): Client {
  const [apiEndpoint = '', port] = address.split(':');
  return new v1.FirestoreClient({ apiEndpoint, port: Number(port), sslCreds: credentials.createInsecure() });
}

/** Without it everything here is skipped by name. */
const installed = inject('firestoreEmulator') !== '';

beforeAll(async () => {
  if (!installed) return;
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  emulator = await startFirestoreEmulator(WITHOUT_EMULATOR);
  proxy = await startFirestoreProxy({ target: emulator.host, recorder });
  client = connectTo(proxy.address);
}, 90_000);

afterEach(() => {
  recorder.forgetFaults();
  recorder.forgetCalls();
});

afterAll(async () => {
  if (!installed) return;
  await client.close();
  await proxy.close();
  await emulator.close();
  vi.unstubAllEnvs();
});

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error: { code: number; details: string }) => [error.code, error.details],
  );

const set = (id: string, n: number) => ({
  update: { name: `${DOCUMENTS}/things/${id}`, fields: { n: { integerValue: n } } },
  currentDocument: { exists: false },
});
const create = (...ids: string[]) =>
  client.commit({ database: DATABASE, writes: ids.map((id, n) => set(id, n)) }, { retry: null });
const get = (id: string) => client.getDocument({ name: `${DOCUMENTS}/things/${id}` }, { retry: null });

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

describe.skipIf(!installed)('the proxy', () => {
  it('passes unary calls and server streams through and counts them', async () => {
    await create('a', 'b', 'c');
    const found = await collect(
      client.batchGetDocuments({
        database: DATABASE,
        documents: ['a', 'b', 'none'].map((id) => `${DOCUMENTS}/things/${id}`),
      }),
    );
    expect(found).toHaveLength(3);
    expect(found).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ found: expect.objectContaining({ name: `${DOCUMENTS}/things/a` }) }),
        expect.objectContaining({ found: expect.objectContaining({ name: `${DOCUMENTS}/things/b` }) }),
        expect.objectContaining({ missing: `${DOCUMENTS}/things/none` }),
      ]),
    );
    const rows = await collect(
      client.runQuery({ parent: DOCUMENTS, structuredQuery: { from: [{ collectionId: 'things' }] } }),
    );
    expect(rows).toMatchObject(['a', 'b', 'c'].map((id) => ({ document: { name: `${DOCUMENTS}/things/${id}` } })));
    expect(recorder.calls()).toEqual({
      'firestore.BatchGetDocuments': 1,
      'firestore.Commit': 1,
      'firestore.RunQuery': 1,
    });
  });

  it("passes the emulator's own errors through", async () => {
    expect(await codeOf(get('none'))).toMatchObject([5, expect.stringContaining('none')]);
    expect(await codeOf(create('a'))).toMatchObject([6, expect.any(String)]);
  });

  it('passes large messages both ways', async () => {
    const text = 'x'.repeat(900_000);
    const name = `${DOCUMENTS}/things/large`;
    await client.commit({
      database: DATABASE,
      writes: [{ update: { name, fields: { text: { stringValue: text } } } }],
    });
    const [document] = await client.getDocument({ name });
    expect(document.fields?.['text']?.stringValue).toBe(text);
  });

  it('carries 500 calls at once', async () => {
    const answers = await Promise.all(Array.from({ length: 500 }, () => get('a')));
    expect(answers.map(([document]) => document.name)).toEqual(answers.map(() => `${DOCUMENTS}/things/a`));
    expect(recorder.calls()).toEqual({ 'firestore.GetDocument': 500 });
  });

  it('carries a bidirectional stream', async () => {
    const stream = client.listen({ otherArgs: { headers: { 'google-cloud-resource-prefix': DATABASE } } });
    stream.on('error', () => undefined);
    stream.write({
      database: DATABASE,
      addTarget: { targetId: 1, documents: { documents: [`${DOCUMENTS}/things/a`] } },
    });
    const [first] = await once(stream, 'data');
    expect(first).toMatchObject({ targetChange: { targetChangeType: 'ADD', targetIds: [1] } });
    stream.destroy();
    expect(await codeOf(get('a'))).toBe('OK');
  });
});

describe.skipIf(!installed)('the proxy before a server that answers nothing', () => {
  async function serve(maxConcurrentStreams: number) {
    const calls: { path: string | undefined; aborted: Promise<unknown> }[] = [];
    const server = createServer({ settings: { maxConcurrentStreams } });
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      calls.push({ path: headers[':path'], aborted: once(stream, 'close') });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const front = await startFirestoreProxy({ target: `127.0.0.1:${port}`, recorder });
    const session = connect(`http://${front.address}`);
    await once(session, 'remoteSettings');
    const close = async () => {
      session.destroy();
      await front.close();
      server.close();
    };
    return { calls, session, close };
  }

  const request = (session: ClientHttp2Session) => {
    const call = session.request({ ':method': 'POST', ':path': '/google.firestore.v1.Firestore/Listen' });
    call.on('error', () => undefined);
    return call;
  };

  it('opens as many connections as the limit of streams asks for', async () => {
    const { calls, session, close } = await serve(10);
    for (let i = 0; i < 55; i += 1) request(session);
    await vi.waitFor(() => expect(calls).toHaveLength(55));
    await close();
  });

  it('carries a cancellation', async () => {
    const { calls, session, close } = await serve(10);
    const call = request(session);
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    call.close(constants.NGHTTP2_CANCEL);
    await calls[0]?.aborted;
    expect(calls[0]?.path).toBe('/google.firestore.v1.Firestore/Listen');
    await close();
  });
});

describe.skipIf(!installed)('faults', () => {
  it('before: the emulator never sees the call', async () => {
    recorder.inject({ service: 'firestore', method: 'Commit', code: 'ABORTED', times: 1 });
    expect(await codeOf(create('refused'))).toEqual([10, 'injected fault: ABORTED']);
    expect(await codeOf(get('refused'))).toMatchObject([5, expect.any(String)]);
  });

  it('lost: the commit takes effect and its answer is the fault', async () => {
    recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 1, lost: true });
    expect(await codeOf(create('lost'))).toEqual([14, 'injected fault: UNAVAILABLE']);
    expect(await codeOf(get('lost'))).toBe('OK');
  });

  it('hit streams as well', async () => {
    const structuredQuery = { from: [{ collectionId: 'things' }] };
    // The client tries a stream again, whatever is said to it: the first status is the fault's.
    const query = async () => {
      const stream = client.runQuery({ parent: DOCUMENTS, structuredQuery });
      const [{ code }] = await once(stream.resume(), 'status');
      stream.cancel();
      return code;
    };
    recorder.inject({ service: 'firestore', method: 'RunQuery', code: 'PERMISSION_DENIED', times: 1 });
    expect(await query()).toBe(7);
    recorder.inject({ service: 'firestore', method: 'RunQuery', code: 'FAILED_PRECONDITION', times: 1, lost: true });
    expect(await query()).toBe(9);
    expect(await query()).toBe(0);
  });

  it('hit 500 calls at once, and leave the connection as it was', async () => {
    recorder.inject({ service: 'firestore', method: 'GetDocument', code: 'RESOURCE_EXHAUSTED', times: 500 });
    const codes = await Promise.all(Array.from({ length: 501 }, () => codeOf(get('a'))));
    expect(codes.filter((code) => code === 'OK')).toHaveLength(1);
    expect(codes.filter(([code]) => Number(code) === 8)).toHaveLength(500);
    expect(await codeOf(get('a'))).toBe('OK');
  });
});

describe.skipIf(!installed)('a proxy without its emulator', () => {
  it('answers UNAVAILABLE, and serves again when there is one', async () => {
    const upstream = await startFirestoreProxy({ target: emulator.host, recorder });
    const front = await startFirestoreProxy({ target: upstream.address, recorder });
    const through = connectTo(front.address);
    const call = () => codeOf(through.getDocument({ name: `${DOCUMENTS}/things/a` }, { retry: null }));
    expect(await call()).toBe('OK');
    await upstream.close();
    expect((await call())[0]).toBe(14);
    await through.close();
    await front.close();
  });
});

const ps = promisify(execFile);
/** The processes whose command line names this port: the emulator, and the shell that watches over it. */
async function processesOn(host: string): Promise<string[]> {
  const { stdout } = await ps('ps', ['-eo', 'stat,args']);
  return stdout.split('\n').filter((line) => line.includes(`--port=${host.split(':')[1]}`) && !line.startsWith('Z'));
}

describe.skipIf(!installed)('the emulator of our own', () => {
  it('leaves no process behind when it is closed', async () => {
    const own = await startFirestoreEmulator(WITHOUT_EMULATOR);
    expect(await processesOn(own.host)).toHaveLength(2);
    await own.close();
    expect(await processesOn(own.host)).toEqual([]);
  });

  it('ends when the process that started it is killed', async () => {
    const emulatorModule = new URL('../../../local/firestore/emulator.ts', import.meta.url);
    const script = `import(${JSON.stringify(emulatorModule)}).then(async (m) => console.log((await m.startFirestoreEmulator({ ...process.env, FIRESTORE_EMULATOR_HOST: '' })).host))`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
    const host = String(line).trim();
    expect(await processesOn(host)).toHaveLength(2);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await vi.waitFor(async () => expect(await processesOn(host)).toEqual([]), { timeout: 10_000, interval: 50 });
  });
});

describe.skipIf(!installed)('finding the emulator', () => {
  it('uses a running one, and leaves it running', async () => {
    const used = await startFirestoreEmulator({ FIRESTORE_EMULATOR_HOST: emulator.host });
    expect(used.host).toBe(emulator.host);
    await used.close();
    const session = connect(`http://${emulator.host}`);
    await once(session, 'connect');
    session.destroy();
  });

  it('names the command that installs what is missing', async () => {
    const sdk = await findEmulator({ PATH: process.env['PATH'] }).then((command) => command(1).join(' '));
    expect(sdk).toContain('--port=1');
    await expect(findEmulator({ PATH: '/nowhere', HOME: '/nowhere' })).rejects.toThrow(
      /apt-get install|brew install|winget install|npx firebase-tools setup:emulators:firestore/,
    );
  });
});
