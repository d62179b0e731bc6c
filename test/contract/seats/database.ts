import { randomUUID } from 'node:crypto';
import { type FirestoreEmulator, startFirestoreEmulator } from '#local/firestore/emulator.ts';
import { startFirestoreProxy } from '#local/firestore/proxy.ts';
import { createRecorder, type Recorder } from '#local/recorder.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import type { DocumentStore } from '#shared/store/store.ts';

/** A project of its own on Google's emulator, since queries slow down with the history of a project's writes. */
export interface Database {
  /** One client an instance, through the proxy that counts calls and injects faults. */
  readonly clients: readonly DocumentStore[];
  /** One client an instance, to the emulator directly, which is quicker. */
  readonly direct: readonly DocumentStore[];
  /** The test's own: no fault of the test's meets the test. */
  readonly plain: DocumentStore;
  readonly recorder: Recorder;
  wipe(): Promise<void>;
  close(): Promise<void>;
}

export async function startEmulator(): Promise<FirestoreEmulator> {
  // The client would look for Google's metadata server, of which there is none here.
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  return startFirestoreEmulator();
}

export async function openDatabase(emulator: FirestoreEmulator, instances: number): Promise<Database> {
  const projectId = `demo-seats-${randomUUID().slice(0, 8)}`;
  const recorder = createRecorder();
  const proxy = await startFirestoreProxy({ target: emulator.host, recorder });
  const connect = (endpoint: string) => createFirestore({ projectId, database: '(default)', endpoint });
  const clients = Array.from({ length: instances }, () => connect(proxy.address));
  const direct = Array.from({ length: instances }, () => connect(emulator.host));
  const plain = connect(emulator.host);
  const documents = `http://${emulator.host}/emulator/v1/projects/${projectId}/databases/(default)/documents`;
  return {
    clients,
    direct,
    plain,
    recorder,
    async wipe() {
      const { ok, status } = await fetch(documents, { method: 'DELETE' });
      if (!ok) throw new Error(`the emulator answered ${status}`);
    },
    async close() {
      await Promise.all([...clients, ...direct, plain].map((client) => client.close()));
      await proxy.close();
    },
  };
}
