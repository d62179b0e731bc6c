import type { Caller } from '#local/caller.ts';
import type { Recorder } from '#local/recorder.ts';
import type { Clock } from '#shared/model/clock.ts';
import { startEmbeddedFirestore } from './embedded/start.ts';
import { startFirestoreEmulator } from './emulator.ts';
import { startFirestoreProxy } from './proxy.ts';

export interface FirestoreOptions {
  readonly callers: readonly Caller[];
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Where the embedded one keeps its documents; see EmbeddedOptions. Google's keeps none. */
  readonly file?: string | undefined;
  /** `FIRESTORE_EMULATOR_HOST` names an emulator that runs already; `FIRESTORE=emulator` asks for Google's. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface LocalFirestore {
  readonly kind: 'embedded' | 'emulator';
  /** `host:port` for whoever may do everything: nothing is counted there and no fault is injected. */
  readonly host: string;
  /** `host:port` for one account. Google's emulator knows no accounts: there it is the same for all. */
  address(email: string): string;
  close(): Promise<void>;
}

/** @throws Error naming what to install, if Google's emulator is asked for and is not there */
export async function startFirestore({ env, ...options }: FirestoreOptions): Promise<LocalFirestore> {
  const choice = env['FIRESTORE'] ?? '';
  if (choice !== '' && choice !== 'embedded' && choice !== 'emulator') {
    throw new Error(`FIRESTORE is ${choice}; it can be embedded (the default) or emulator`);
  }
  if (choice === 'emulator' || (env['FIRESTORE_EMULATOR_HOST'] && choice === ''))
    return withEmulator(env, options.recorder);
  return { kind: 'embedded', ...(await startEmbeddedFirestore(options)) };
}

async function withEmulator(env: FirestoreOptions['env'], recorder: Recorder): Promise<LocalFirestore> {
  const emulator = await startFirestoreEmulator({ ...env });
  const proxy = await startFirestoreProxy({ target: emulator.host, recorder });
  return {
    kind: 'emulator',
    host: emulator.host,
    address: () => proxy.address,
    async close() {
      await proxy.close();
      await emulator.close();
    },
  };
}
