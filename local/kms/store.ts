import { type KeyObject, randomBytes } from 'node:crypto';
import type { Caller } from '#local/caller.ts';
import { failedPrecondition, invalidArgument, notFound, permissionDenied } from '#local/grpc/status.ts';
import type { Clock } from '#shared/model/clock.ts';
import { ALGORITHMS, type Algorithm, type Purpose } from './algorithms.ts';
import { isVersionName, keyName, versionName } from './names.ts';
import type { RsaKeys } from './rsa-keys.ts';

const DESTROY_AFTER_MS = 30 * 86_400_000;

export type VersionState = 'ENABLED' | 'DISABLED' | 'DESTROY_SCHEDULED' | 'DESTROYED';

export type Material =
  | { readonly kind: 'rsa'; readonly privateKey: KeyObject }
  | { readonly kind: 'aes'; readonly secret: Buffer };

export interface CryptoKeyVersion {
  readonly name: string;
  readonly number: number;
  readonly algorithm: Algorithm;
  readonly material: Material;
  /** Milliseconds since the epoch, as are all times here. */
  readonly createdAt: number;
  state: Exclude<VersionState, 'DESTROYED'>;
  destroyAt: number | undefined;
}

export interface CryptoKey {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly purpose: Purpose;
  readonly createdAt: number;
  /** Version n is the n-th. */
  readonly versions: CryptoKeyVersion[];
  primary: CryptoKeyVersion | undefined;
}

/**
 * The keys and their versions. Every look-up checks the caller's permission before existence, as Google does, so
 * that a caller without permission cannot find out what exists.
 */
export interface KeyStore {
  /** Creates a key and returns its version 1. */
  createKey(name: string, algorithm: Algorithm): Promise<CryptoKeyVersion>;
  addVersion(key: CryptoKey): Promise<CryptoKeyVersion>;
  /** @throws GrpcError INVALID_ARGUMENT, PERMISSION_DENIED or NOT_FOUND */
  key(caller: Caller, permission: string, name: string): CryptoKey;
  /** As `key`; the right is one on the version. */
  version(caller: Caller, permission: string, name: string): CryptoKeyVersion;
  /** The key itself, or the key of the version so named: the right is one on the key. */
  keyOf(caller: Caller, permission: string, name: string): CryptoKey;
  stateOf(version: CryptoKeyVersion): VersionState;
  /** @throws GrpcError FAILED_PRECONDITION unless the version may be used */
  mustBeEnabled(version: CryptoKeyVersion): void;
  scheduleDestruction(version: CryptoKeyVersion): void;
}

export interface KeyStoreOptions {
  readonly clock: Clock;
  readonly rsaKeys: RsaKeys;
  /** Those of an earlier run, by name; new ones join them. */
  readonly keys: Map<string, CryptoKey>;
}

export function createKeyStore({ clock, rsaKeys, keys }: KeyStoreOptions): KeyStore {
  const stateOf = (version: CryptoKeyVersion): VersionState =>
    version.destroyAt !== undefined && clock.now() >= version.destroyAt ? 'DESTROYED' : version.state;

  const material = async (algorithm: Algorithm): Promise<Material> => {
    const { purpose, bits } = ALGORITHMS[algorithm];
    return purpose === 'ASYMMETRIC_SIGN'
      ? { kind: 'rsa', privateKey: await rsaKeys.take(bits) }
      : { kind: 'aes', secret: randomBytes(bits / 8) };
  };

  const addVersion = async (key: CryptoKey): Promise<CryptoKeyVersion> => {
    const made = await material(key.algorithm);
    const number = key.versions.length + 1;
    const version: CryptoKeyVersion = {
      name: `${key.name}/cryptoKeyVersions/${number}`,
      number,
      algorithm: key.algorithm,
      material: made,
      createdAt: clock.now(),
      state: 'ENABLED',
      destroyAt: undefined,
    };
    key.versions.push(version);
    return version;
  };

  const findKey = (caller: Caller, permission: string, name: string): CryptoKey => {
    if (!caller.may(permission, keyName(name))) throw permissionDenied(permission, name);
    const key = keys.get(name);
    if (key === undefined) throw notFound(`CryptoKey ${name} not found.`);
    return key;
  };

  return {
    stateOf,
    addVersion,
    key: findKey,
    keyOf: (caller, permission, name) =>
      findKey(caller, permission, isVersionName(name) ? versionName(name).key : name),

    async createKey(name, algorithm) {
      if (keys.has(keyName(name))) throw new TypeError(`${name} exists already`);
      const { purpose } = ALGORITHMS[algorithm];
      const key: CryptoKey = { name, algorithm, purpose, createdAt: clock.now(), versions: [], primary: undefined };
      keys.set(name, key);
      const first = await addVersion(key);
      if (purpose === 'ENCRYPT_DECRYPT') key.primary = first;
      return first;
    },

    version(caller, permission, name) {
      const { key, number } = versionName(name);
      if (!caller.may(permission, name)) throw permissionDenied(permission, name);
      const version = keys.get(key)?.versions[number - 1];
      if (version === undefined) throw notFound(`CryptoKeyVersion ${name} not found.`);
      return version;
    },

    mustBeEnabled(version) {
      const state = stateOf(version);
      if (state !== 'ENABLED') throw failedPrecondition(`${version.name} is not enabled, current state is: ${state}.`);
    },

    scheduleDestruction(version) {
      version.state = 'DESTROY_SCHEDULED';
      version.destroyAt = clock.now() + DESTROY_AFTER_MS;
    },
  };
}

/** @throws GrpcError INVALID_ARGUMENT if the key is of another purpose */
export function rsaMaterial(version: CryptoKeyVersion): KeyObject {
  if (version.material.kind !== 'rsa') throw wrongPurpose(version);
  return version.material.privateKey;
}

/** @throws GrpcError INVALID_ARGUMENT if the key is of another purpose */
export function aesMaterial(version: CryptoKeyVersion): Buffer {
  if (version.material.kind !== 'aes') throw wrongPurpose(version);
  return version.material.secret;
}

const wrongPurpose = ({ name, algorithm }: CryptoKeyVersion) =>
  invalidArgument(`${name} has the algorithm ${algorithm}, which does not support this operation.`);
