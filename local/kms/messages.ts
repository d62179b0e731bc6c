import type { CryptoKey, CryptoKeyVersion, KeyStore } from './store.ts';

/** google.protobuf.Timestamp */
function timestamp(milliseconds: number): { seconds: string; nanos: number } {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds: String(seconds), nanos: Math.round((milliseconds - seconds * 1000) * 1_000_000) };
}

/** google.cloud.kms.v1.CryptoKeyVersion */
export function versionMessage(store: KeyStore, version: CryptoKeyVersion): object {
  const state = store.stateOf(version);
  const created = timestamp(version.createdAt);
  const destroyed = version.destroyAt === undefined ? null : timestamp(version.destroyAt);
  return {
    name: version.name,
    state,
    protectionLevel: 'SOFTWARE',
    algorithm: version.algorithm,
    createTime: created,
    generateTime: created,
    destroyTime: state === 'DESTROY_SCHEDULED' ? destroyed : null,
    destroyEventTime: state === 'DESTROYED' ? destroyed : null,
  };
}

/** google.cloud.kms.v1.CryptoKey */
export function keyMessage(store: KeyStore, key: CryptoKey): object {
  return {
    name: key.name,
    primary: key.primary === undefined ? null : versionMessage(store, key.primary),
    purpose: key.purpose,
    createTime: timestamp(key.createdAt),
    versionTemplate: { protectionLevel: 'SOFTWARE', algorithm: key.algorithm },
    destroyScheduledDuration: { seconds: String(30 * 86_400), nanos: 0 },
  };
}
