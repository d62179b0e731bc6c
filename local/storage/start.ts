import type { Caller } from '#local/caller.ts';
import type { Recorder } from '#local/recorder.ts';
import type { Clock } from '#shared/model/clock.ts';
import { serve } from './http.ts';
import { createJsonApi } from './json-api.ts';
import type { BucketOptions, StoredObject } from './model.ts';
import { createObjects } from './objects.ts';
import { createSessions } from './sessions.ts';
import type { PublicKeyOf } from './signed-request.ts';
import { createStore } from './store.ts';
import { createXmlApi } from './xml-api.ts';

export interface StorageOptions {
  /** Where the objects' bytes are kept, one file each under `objects/`; emptied at the start. */
  readonly dir: string;
  /** Whether objects outlive the run: the directory is then not emptied, and their facts lie beside their bytes. */
  readonly kept?: boolean;
  readonly clock: Clock;
  /**
   * Calls are counted and faults injected as service `storage`. Methods: `buckets.get`, `buckets.insert`, `get`, `media`,
   * `list`, `patch`, `delete`, `insert` (media and multipart uploads), `resumable` (starts a session), `chunk`, `status`
   * and `cancel` (go on with it); by signed URL or form `upload`, `form`, `download`, `head`, `preflight`, and those of
   * sessions and `delete` as well. `CORRUPT` flips a bit of the body on its way, in or out, while all checksums are the
   * original's; `DISCONNECT` ends the connection.
   */
  readonly recorder: Recorder;
  /** The accounts there are, with rights on `projects/_/buckets/BUCKET` and `…/objects/NAME`. */
  readonly callers: readonly Caller[];
  /** Told of each new generation of an object, after it is there. */
  readonly completed?: (object: StoredObject) => void;
  /** With which key a signed URL of an account is checked. */
  readonly publicKey: PublicKeyOf;
}

export interface LocalStorage {
  /** The client library's `apiEndpoint` for one account. @throws Error for an account that is not among the callers */
  baseUrl(email: string): string;
  /** Where signed URLs lead: scheme, host and port, to be followed by `/BUCKET/OBJECT?X-Goog-…`. */
  readonly xmlUrl: string;
  /** @throws StorageError already_exists, invalid */
  createBucket(name: string, options?: BucketOptions): void;
  close(): Promise<void>;
}

/**
 * Cloud Storage on one machine: the JSON API, a listener for every account since without credentials the listener is
 * the identity, and the XML API for signed URLs, where the signature is. All on 127.0.0.1, each on a free port.
 */
export async function startStorage(options: StorageOptions): Promise<LocalStorage> {
  const { dir, kept, clock, recorder, callers, publicKey } = options;
  const store = await createStore(dir, clock, kept);
  const objects = createObjects(store, options.completed);
  const sessions = createSessions(store, objects, clock);
  const shared = { store, objects, sessions };

  const xml = await serve(createXmlApi({ ...shared, clock, callers, publicKey }), recorder);
  const listeners = new Map(
    await Promise.all(
      callers.map(
        async (caller) => [caller.email, await serve(createJsonApi({ ...shared, caller }), recorder)] as const,
      ),
    ),
  );
  return {
    baseUrl(email) {
      const listener = listeners.get(email);
      if (listener === undefined) throw new Error(`no listener for ${email}`);
      return `http://127.0.0.1:${listener.port}`;
    },
    xmlUrl: `http://127.0.0.1:${xml.port}`,
    createBucket: (name, bucketOptions = {}) => void store.createBucket(name, bucketOptions),
    async close() {
      await Promise.all([xml, ...listeners.values()].map((listener) => listener.close()));
    },
  };
}
