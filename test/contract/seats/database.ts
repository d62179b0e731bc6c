import { randomUUID } from 'node:crypto';
import { createCaller } from '#local/caller.ts';
import { startEmbeddedFirestore } from '#local/firestore/embedded/start.ts';
import { startFirestoreProxy } from '#local/firestore/proxy.ts';
import { createRecorder, type Recorder } from '#local/recorder.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { systemClock } from '#shared/model/clock.ts';
import type { DocumentStore } from '#shared/store/store.ts';

/** A project of its own in a Firestore, since the emulator's queries slow down with the history of a project's writes. */
export interface Database {
  /** One client an instance, through what counts calls and injects faults. */
  readonly clients: readonly DocumentStore[];
  /** One client an instance, without it, which is quicker. */
  readonly direct: readonly DocumentStore[];
  /** For the test itself: without injected faults. */
  readonly plain: DocumentStore;
  readonly recorder: Recorder;
  wipe(): Promise<void>;
  close(): Promise<void>;
}

/** A Firestore to test with, by its addresses: what is called through `counted` is recorded. */
export interface Firestore {
  readonly host: string;
  readonly counted: string;
  close(): Promise<void>;
}

/** @param instances how many use it */
export type Open = (instances: number) => Promise<Database>;

export type Start = (recorder: Recorder) => Promise<Firestore>;

export async function startEmbedded(recorder: Recorder): Promise<Firestore> {
  const anybody = createCaller('anybody', [['*', '*']]);
  const { host, address, close } = await startEmbeddedFirestore({ callers: [anybody], clock: systemClock, recorder });
  return { host, counted: address(anybody.email), close };
}

/** @param host of Google's emulator, which is running */
export async function startEmulated(host: string, recorder: Recorder): Promise<Firestore> {
  const proxy = await startFirestoreProxy({ target: host, recorder });
  return { host, counted: proxy.address, close: () => proxy.close() };
}

export async function openDatabase(start: Start, instances: number): Promise<Database> {
  // Otherwise the client looks for Google's metadata server, which does not exist here.
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  const projectId = `demo-seats-${randomUUID().slice(0, 8)}`;
  const recorder = createRecorder();
  const { host, counted, close } = await start(recorder);
  const connect = (endpoint: string) => createFirestore({ projectId, database: '(default)', endpoint });
  const clients = Array.from({ length: instances }, () => connect(counted));
  const direct = Array.from({ length: instances }, () => connect(host));
  const plain = connect(host);
  const documents = `http://${host}/emulator/v1/projects/${projectId}/databases/(default)/documents`;
  return {
    clients,
    direct,
    plain,
    recorder,
    async wipe() {
      const { ok, status } = await fetch(documents, { method: 'DELETE' });
      if (!ok) throw new Error(`Firestore answered ${status}`);
    },
    async close() {
      await Promise.all([...clients, ...direct, plain].map((client) => client.close()));
      await close();
    },
  };
}
