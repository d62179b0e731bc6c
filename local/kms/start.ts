import type { Caller } from '#local/caller.ts';
import { loadService } from '#local/grpc/protos.ts';
import { type GrpcListeners, startGrpc } from '#local/grpc/server.ts';
import type { Recorder } from '#local/recorder.ts';
import type { Clock } from '#shared/model/clock.ts';
import { ALGORITHMS, type Algorithm, type Purpose } from './algorithms.ts';
import { encryptionMethods } from './encryption.ts';
import type { RsaKeys } from './rsa-keys.ts';
import { createSigner } from './signer.ts';
import { signingMethods } from './signing.ts';
import { createKeyStore } from './store.ts';
import { versionMethods } from './versions.ts';

export interface KmsOptions {
  /** One listener each. */
  readonly callers: readonly Caller[];
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly rsaKeys: RsaKeys;
}

export interface NewKey {
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K`; the key ring comes into being with it. */
  readonly name: string;
  readonly purpose: Purpose;
  readonly algorithm: Algorithm;
}

export interface Kms extends GrpcListeners {
  /**
   * Makes a key with an enabled version 1, primary if it encrypts, and answers that version's name.
   *
   * @throws TypeError if the key exists, or its purpose and algorithm do not fit together
   */
  createKey(key: NewKey): Promise<string>;
}

/** Cloud KMS on loopback: real cryptography, Google's checks, rights and wording; times by the shared clock. */
export async function startKms({ callers, clock, recorder, rsaKeys }: KmsOptions): Promise<Kms> {
  const store = createKeyStore({ clock, rsaKeys });
  const signer = createSigner();
  const listeners = await startGrpc({
    name: 'kms',
    definition: await loadService(
      '@google-cloud/kms/build/protos/protos.json',
      'google.cloud.kms.v1.KeyManagementService',
    ),
    methods: { ...signingMethods(store, signer), ...encryptionMethods(store), ...versionMethods(store) },
    callers,
    recorder,
  });
  return {
    address: listeners.address,
    async createKey({ name, purpose, algorithm }) {
      if (ALGORITHMS[algorithm].purpose !== purpose) throw new TypeError(`${algorithm} is not for ${purpose}`);
      const first = await store.createKey(name, algorithm);
      return first.name;
    },
    async close() {
      await listeners.close();
      await signer.close();
    },
  };
}
