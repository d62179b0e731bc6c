import { v1 } from '@google-cloud/firestore-api';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { endpointOptions, sendOnce } from '#shared/gcp/grpc.ts';
import {
  anybody,
  CANCELLED,
  causeOf,
  DATABASE,
  DOCUMENTS,
  generated,
  NOT_FOUND,
  once,
  open,
  PERMISSION_DENIED,
  PROJECT,
  RESOURCE_EXHAUSTED,
  recorder,
  refusal,
  start,
  UNIMPLEMENTED,
} from './embedded.ts';

afterEach(() => {
  recorder.forgetCalls();
  recorder.forgetFaults();
});

describe('faults', () => {
  test('are injected before a call or in place of its answer, for accounts only', async () => {
    const firestore = await start();
    const [store, plain] = [open(firestore, anybody.email), open(firestore)];
    const write = (id: string) => store.commit([{ op: 'create', path: `things/${id}`, fields: {} }]);
    recorder.inject({ service: 'firestore', method: 'Commit', code: 'ABORTED', times: 1 });
    await expect(write('before')).rejects.toThrow();
    recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', lost: true, times: 1 });
    await expect(write('lost')).rejects.toThrow();
    expect(await plain.get(['things/before', 'things/lost'])).toMatchObject([undefined, { id: 'lost' }]);
    recorder.inject({ service: 'firestore', method: 'BatchGetDocuments', code: 'PERMISSION_DENIED', times: 1 });
    await expect(store.get(['things/lost'])).rejects.toThrow();
    expect(recorder.calls()).toEqual({ 'firestore.BatchGetDocuments': 1, 'firestore.Commit': 2 });
  });

  test('delay a commit beyond its caller, and it lands late or never', async () => {
    const firestore = await start();
    const plain = open(firestore);
    const client = new v1.FirestoreClient({ projectId: PROJECT, ...endpointOptions(firestore.address(anybody.email)) });
    onTestFinished(() => client.close());
    await client.initialize();
    /** Gives up as soon as the call has arrived. */
    const giveUp = async (id: string) => {
      recorder.forgetCalls();
      const writes = [{ update: { name: `${DOCUMENTS}/things/${id}`, fields: {} } }];
      // The public method wraps this one, and loses its `cancel`.
      const call = client.innerApiCalls['commit']?.({ database: DATABASE, writes }, once);
      await expect.poll(() => recorder.calls()['firestore.Commit']).toBe(1);
      call.cancel();
      return refusal(call);
    };
    const gone = [CANCELLED, expect.any(String)];
    recorder.inject({ service: 'firestore', method: 'Commit', delay_ms: 1_000, times: 1 });
    expect(await giveUp('never')).toEqual(gone);
    recorder.inject({ service: 'firestore', method: 'Commit', code: 'ABORTED', lost: true, delay_ms: 1_000, times: 1 });
    expect(await giveUp('late')).toEqual(gone);
    await expect.poll(() => plain.get(['things/late']), { timeout: 10_000 }).toMatchObject([{ id: 'late' }]);
    expect(await plain.get(['things/never'])).toEqual([undefined]);
  });
});

describe('accounts', () => {
  const account = (email: string, ...verbs: string[]) =>
    createCaller(
      email,
      verbs.map((verb) => [`datastore.entities.${verb}`, `projects/${PROJECT}/databases/keys`]),
    );
  const callers = [account('reader', 'get', 'list'), account('writer', 'get', 'create', 'update', 'delete')];

  test('have their rights on one database and on no other', async () => {
    const firestore = await start({ callers });
    const create = { op: 'create', path: 'keys/k', fields: { n: 1 } } as const;
    const [reader, writer] = [open(firestore, 'reader', 'keys'), open(firestore, 'writer', 'keys')];
    const denied = [PERMISSION_DENIED, expect.any(String)];
    expect(await causeOf(reader.commit([create]))).toEqual(denied);
    await writer.commit([create]);
    expect(await reader.get(['keys/k'])).toMatchObject([{ fields: { n: 1 } }]);
    expect(await causeOf(writer.count({ collection: 'keys', where: [] }))).toEqual(denied);
    expect(await causeOf(open(firestore, 'writer').commit([create]))).toEqual(denied);
    expect(await open(firestore).get(['keys/k'])).toEqual([undefined]);
  });

  test('find no database that nobody made', async () => {
    const firestore = await start();
    expect(await causeOf(open(firestore, undefined, 'other').get(['keys/k']))).toEqual([
      NOT_FOUND,
      expect.stringContaining('database other'),
    ]);
  });
});

describe('what is not implemented', () => {
  test('says so by its name', async () => {
    const client = generated(await start());
    const name = `${DOCUMENTS}/things/a`;
    const structuredQuery = { from: [{ collectionId: 'things' }] };
    const field = { fieldPath: 'f' };
    const run = async (query: object) => {
      const request = { parent: DOCUMENTS, structuredQuery: { ...structuredQuery, ...query } };
      for await (const _ of client.runQuery(request, once));
    };
    const calls: [call: () => Promise<unknown>, named: string][] = [
      [() => client.beginTransaction({ database: DATABASE }, once), 'BeginTransaction'],
      [() => client.deleteDocument({ name }, once), 'DeleteDocument'],
      [() => client.commit({ database: DATABASE, transaction: Buffer.from('t') }, once), 'transaction'],
      [() => run({ from: [{ collectionId: 'things', allDescendants: true }] }), 'collection group'],
      [() => run({ where: { fieldFilter: { field, op: 'IN', value: { arrayValue: { values: [] } } } } }), 'IN'],
      [() => run({ where: { compositeFilter: { op: 'OR', filters: [] } } }), 'OR'],
    ];
    for (const [call, named] of calls) {
      expect(await refusal(call())).toEqual([UNIMPLEMENTED, expect.stringContaining(named)]);
    }
  });
});

describe('gRPC', () => {
  test('tells details as they are, whatever characters they have', async () => {
    const client = generated(await start());
    const name = `${DOCUMENTS}/things/50%: "ü" & \u{1f511}`;
    expect(await refusal(client.getDocument({ name }, once))).toEqual([NOT_FOUND, expect.stringContaining(name)]);
  });

  test('takes requests of ten mebibytes and none that is larger', async () => {
    const client = generated(await start());
    const commitOf = (...sizes: number[]) => {
      const writes = sizes.map((size, index) => ({
        update: { name: `${DOCUMENTS}/things/${index}`, fields: { f: { bytesValue: Buffer.alloc(size) } } },
      }));
      return refusal(client.commit({ database: DATABASE, writes }, sendOnce(30_000)));
    };
    const megabytes = Array(10).fill(1_000_000);
    expect(await commitOf(...megabytes)).toBe('OK');
    expect(await commitOf(...megabytes, 1_000_000)).toEqual([RESOURCE_EXHAUSTED, expect.any(String)]);
  });
});
