import type { Caller } from '#local/caller.ts';
import type { Method } from '#local/grpc/method.ts';
import { loadService } from '#local/grpc/protos.ts';
import { type GrpcListeners, startGrpc } from '#local/grpc/server.ts';
import type { Recorder } from '#local/recorder.ts';
import type { Clock } from '#shared/model/clock.ts';
import { ALGORITHMS, type Algorithm, type Purpose } from './algorithms.ts';
import { encryptionMethods } from './encryption.ts';
import { readKeys, writeKeys } from './kept-keys.ts';
import type { RsaKeys } from './rsa-keys.ts';
import { createSigner } from './signer.ts';
import { signingMethods } from './signing.ts';
import { type CryptoKey, createKeyStore } from './store.ts';
import { versionMethods } from './versions.ts';

export interface KmsOptions {
  /** One listener each. */
  readonly callers: readonly Caller[];
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly rsaKeys: RsaKeys;
  /** Where keys are kept from run to run. Default: they end with this one. */
  readonly file?: string | undefined;
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
  /** Whether there is a key of this name, from this run or an earlier one. */
  has(name: string): boolean;
}

/** Cloud KMS on loopback: real cryptography, Google's checks, rights and wording; times by the shared clock. */
export async function startKms({ callers, clock, recorder, rsaKeys, file }: KmsOptions): Promise<Kms> {
  const keys = file === undefined ? new Map<string, CryptoKey>() : await readKeys(file);
  for (const { algorithm, purpose, versions } of keys.values()) {
    if (purpose === 'ASYMMETRIC_SIGN') rsaKeys.skip(ALGORITHMS[algorithm].bits, versions.length);
  }
  const save = () => {
    if (file !== undefined) writeKeys(file, keys);
  };
  const store = createKeyStore({ clock, rsaKeys, keys });
  const signer = createSigner();
  const listeners = await startGrpc({
    name: 'kms',
    definition: await loadService(
      '@google-cloud/kms/build/protos/protos.json',
      'google.cloud.kms.v1.KeyManagementService',
    ),
    methods: { ...signingMethods(store, signer), ...encryptionMethods(store), ...saving(versionMethods(store), save) },
    callers,
    recorder,
  });
  return {
    address: listeners.address,
    has: (name) => keys.has(name),
    async createKey({ name, purpose, algorithm }) {
      if (ALGORITHMS[algorithm].purpose !== purpose) throw new TypeError(`${algorithm} is not for ${purpose}`);
      const first = await store.createKey(name, algorithm);
      save();
      return first.name;
    },
    async close() {
      await listeners.close();
      await signer.close();
    },
  };
}

/** The methods, of which those that change something are answered once the change is written. */
function saving(methods: Readonly<Record<string, Method>>, save: () => void): Record<string, Method> {
  const entries = Object.entries(methods).map(([name, { run, payload }]): [string, Method] => {
    const changed: Method['run'] = async (request, caller) => {
      const answer = await run(request, caller);
      save();
      return answer;
    };
    return [name, { payload, run: /^(Get|List)/.test(name) ? run : changed }];
  });
  return Object.fromEntries(entries);
}
