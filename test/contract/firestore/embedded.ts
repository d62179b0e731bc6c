import { v1 } from '@google-cloud/firestore-api';
import { onTestFinished } from 'vitest';
import { type Caller, createCaller } from '#local/caller.ts';
import { createMovableClock } from '#local/clock.ts';
import { AUTOMATIC_INDEXES, type IndexConfig } from '#local/firestore/embedded/index-config.ts';
import { type EmbeddedFirestore, startEmbeddedFirestore } from '#local/firestore/embedded/start.ts';
import { createRecorder } from '#local/recorder.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { endpointOptions, sendOnce, statusOf } from '#shared/gcp/grpc.ts';

/** An embedded Firestore for one test, and its clients. */

export const PROJECT = 'demo-embedded';
export const DATABASE = `projects/${PROJECT}/databases/(default)`;
export const DOCUMENTS = `${DATABASE}/documents`;
export const DAY = 86_400;

export const clock = createMovableClock();
export const recorder = createRecorder();
export const anybody = createCaller('anybody', [['*', '*']]);
const INDEXES: IndexConfig = {
  composite: [
    {
      collection: 'things',
      query_scope: 'COLLECTION',
      fields: [
        { field_path: 'color', order: 'ASCENDING' },
        { field_path: 'size', order: 'DESCENDING' },
      ],
    },
  ],
  exempt: [{ collection: 'things', field: 'at' }],
  ttl: [{ collection: 'things', field: 'delete_after' }],
};

// The clients would look for Google's metadata server, of which there is none here.
process.env['METADATA_SERVER_DETECTION'] = 'none';

export async function start(options: { callers?: readonly Caller[]; file?: string } = {}) {
  const databases = { '(default)': INDEXES, keys: AUTOMATIC_INDEXES };
  const firestore = await startEmbeddedFirestore({ callers: [anybody], clock, recorder, databases, ...options });
  onTestFinished(() => firestore.close());
  return firestore;
}

/** The adapter of the functions, as one account's or, without a name, as anybody's who is not counted. */
export function open(firestore: EmbeddedFirestore, email?: string, database = '(default)') {
  const endpoint = email === undefined ? firestore.host : firestore.address(email);
  const store = createFirestore({ projectId: PROJECT, database, endpoint });
  onTestFinished(() => store.close());
  return store;
}

/** The generated client, for what the adapter never sends. */
export function generated(firestore: EmbeddedFirestore) {
  const client = new v1.FirestoreClient({ projectId: PROJECT, ...endpointOptions(firestore.host) });
  onTestFinished(() => client.close());
  return client;
}

export const once = sendOnce(5_000);
export const CANCELLED = 1;
export const INVALID_ARGUMENT = 3;
export const NOT_FOUND = 5;
export const PERMISSION_DENIED = 7;
export const RESOURCE_EXHAUSTED = 8;
export const FAILED_PRECONDITION = 9;
export const UNIMPLEMENTED = 12;

export const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error: unknown) => [statusOf(error), error instanceof Error ? error.message : ''],
  );
export const causeOf = (call: Promise<unknown>) => refusal(call.catch((error: Error) => Promise.reject(error.cause)));
