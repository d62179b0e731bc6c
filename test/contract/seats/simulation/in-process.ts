import { type Caller, createCaller } from '#local/caller.ts';
import { createDatabases } from '#local/firestore/embedded/databases.ts';
import { readIndexConfig } from '#local/firestore/embedded/index-config.ts';
import { firestoreMethods } from '#local/firestore/embedded/methods.ts';
import { answer, type GrpcService, toStatus } from '#local/grpc/answer.ts';
import { loadService } from '#local/grpc/protos.ts';
import { createRecorder } from '#local/recorder.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import type { FirestoreCalls } from '#shared/gcp/firestore-calls.ts';
import { systemClock } from '#shared/model/clock.ts';
import type { Database } from '../database.ts';

const INDEXES = new URL('../../../../terraform/indexes.json', import.meta.url);
const PROTOS = '@google-cloud/firestore-api/build/protos/protos.json';
const CONNECTED = { cancelled: false, disconnect: () => undefined };

/**
 * The embedded Firestore without a network: the suite's own client encodes each request, the store decodes it, and the
 * other way round, within this process. Its faults are those of the listener.
 */
export async function openInProcess(instances: number): Promise<Database> {
  const definition = await loadService(PROTOS, 'google.firestore.v1.Firestore');
  const configs = { '(default)': await readIndexConfig(INDEXES) };
  const recorder = createRecorder();
  const anybody = createCaller('anybody', [['*', '*']]);
  const service = (counting: typeof recorder): GrpcService => ({
    name: 'firestore',
    definition,
    methods: firestoreMethods(databases),
    callers: [anybody],
    recorder: counting,
  });
  let databases = createDatabases({ configs, clock: systemClock });
  const connect = (counting: typeof recorder) =>
    createFirestore(
      { projectId: 'demo-simulation', database: '(default)', endpoint: 'in-process' },
      callsOf(() => service(counting), anybody),
    );
  const plain = connect(createRecorder());
  const direct = Array.from({ length: instances }, () => connect(createRecorder()));
  return {
    clients: Array.from({ length: instances }, () => connect(recorder)),
    direct,
    plain,
    recorder,
    wipe: async () => {
      databases = createDatabases({ configs, clock: systemClock });
    },
    close: async () => undefined,
  };
}

function callsOf(service: () => GrpcService, caller: Caller): FirestoreCalls {
  async function call(name: string, request: object): Promise<object> {
    const current = service();
    const codec = current.definition[name];
    if (codec === undefined) throw new TypeError(`Firestore has no method ${name}`);
    try {
      const sent = codec.requestDeserialize(codec.requestSerialize(request));
      const response = await answer(current, name, sent, caller, CONNECTED);
      const receive = (message: object) => codec.responseDeserialize(codec.responseSerialize(message));
      return Array.isArray(response) ? response.map(receive) : receive(response);
    } catch (error) {
      throw Object.assign(new Error('the call failed', { cause: error }), toStatus(error));
    }
  }
  async function stream(name: string, request: object) {
    const responses = await call(name, request);
    return Array.isArray(responses) ? responses : [responses];
  }
  return {
    batchGetDocuments: (request) => stream('BatchGetDocuments', request),
    runQuery: (request) => stream('RunQuery', request),
    runAggregationQuery: (request) => stream('RunAggregationQuery', request),
    commit: (request) => call('Commit', request),
    batchWrite: (request) => call('BatchWrite', request),
    close: async () => undefined,
  };
}
