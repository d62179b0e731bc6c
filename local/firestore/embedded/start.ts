import { type Caller, createCaller } from '#local/caller.ts';
import type { GrpcService } from '#local/grpc/answer.ts';
import { loadService } from '#local/grpc/protos.ts';
import { createRecorder, type Recorder } from '#local/recorder.ts';
import type { Clock } from '#shared/model/clock.ts';
import { createDatabases } from './databases.ts';
import { AUTOMATIC_INDEXES, type IndexConfig, readIndexConfig } from './index-config.ts';
import { openJournal } from './journal.ts';
import { type Listener, listen } from './listener.ts';
import { firestoreMethods } from './methods.ts';

const INDEXES = new URL('../../../terraform/indexes.json', import.meta.url);

export interface EmbeddedOptions {
  /** One listener each, with its rights: `datastore.entities.get` and so on, on `projects/P/databases/D`. */
  readonly callers?: readonly Caller[];
  /** For update times and TTL policies. */
  readonly clock: Clock;
  /** Counts calls as `firestore.METHOD` and injects faults, for the callers' listeners. */
  readonly recorder?: Recorder;
  /** The databases there are, by id, with their indexes. Default: the two that Terraform makes. */
  readonly databases?: Readonly<Record<string, IndexConfig>>;
  /** Milliseconds from the time that a TTL policy names to the deletion. Default: a day. */
  readonly ttlDelay?: number;
  /** A file that documents are read from at the start and every change is appended to. Default: memory only. */
  readonly file?: string | undefined;
}

export interface EmbeddedFirestore {
  /** `host:port` of a listener that may do everything, counts nothing and injects no faults. */
  readonly host: string;
  /** `host:port` of the plaintext listener that takes every call as this account's. */
  address(email: string): string;
  close(): Promise<void>;
}

/** Firestore in this process; docs/local-firestore.md says what it does and what it does not. */
export async function startEmbeddedFirestore(options: EmbeddedOptions): Promise<EmbeddedFirestore> {
  const { callers = [], clock, recorder = createRecorder(), ttlDelay, file } = options;
  const configs = options.databases ?? { '(default)': await readIndexConfig(INDEXES), keys: AUTOMATIC_INDEXES };
  const journal = file === undefined ? undefined : await openJournal(file);
  const databases = createDatabases({
    configs,
    clock,
    ...(ttlDelay === undefined ? {} : { ttlDelay }),
    ...(journal === undefined ? {} : { onChange: journal.append }),
  });
  if (journal !== undefined) databases.restore(journal.snapshot);
  const service: GrpcService = {
    name: 'firestore',
    definition: await loadService(
      '@google-cloud/firestore-api/build/protos/protos.json',
      'google.firestore.v1.Firestore',
    ),
    methods: firestoreMethods(databases),
    callers,
    recorder,
  };
  const anybody = createCaller('anybody', [['*', '*']]);
  const direct = await listen({ ...service, recorder: createRecorder() }, databases, anybody);
  const listeners = new Map<string, Listener>();
  for (const caller of callers) listeners.set(caller.email, await listen(service, databases, caller));
  return {
    host: direct.address,
    address(email) {
      const listener = listeners.get(email);
      if (listener === undefined) throw new TypeError(`firestore has no listener for ${email}`);
      return listener.address;
    },
    async close() {
      await Promise.all([direct, ...listeners.values()].map((listener) => listener.close()));
      await journal?.close();
    },
  };
}
