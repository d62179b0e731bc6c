import * as z from 'zod';
import { type Method, method } from '#local/grpc/method.ts';
import { failedPrecondition, type GrpcError, invalidArgument } from '#local/grpc/status.ts';
import { keyMessage, versionMessage } from './messages.ts';
import type { KeyStore } from './store.ts';

const DEFAULT_PAGE = 100;
const STATE_FILTER = /^\s*state\s*=\s*([A-Z_]+)\s*$/;

const named = z.object({ name: z.string() });
const listRequest = z.object({
  parent: z.string(),
  pageSize: z.number(),
  pageToken: z.string(),
  filter: z.string(),
  orderBy: z.string(),
});
const createRequest = z.object({ parent: z.string() });
const updateRequest = z.object({
  cryptoKeyVersion: z.object({ name: z.string(), state: z.string() }),
  updateMask: z.object({ paths: z.array(z.string()) }).nullable(),
});
const primaryRequest = z.object({ name: z.string(), cryptoKeyVersionId: z.string() });

/** Crypto keys and the life of their versions. What is used to sign or to decrypt is not checked here. */
export function versionMethods(store: KeyStore): Record<string, Method> {
  return {
    GetCryptoKey: method(named, ({ name }, caller) =>
      keyMessage(store, store.key(caller, 'cloudkms.cryptoKeys.get', name)),
    ),

    GetCryptoKeyVersion: method(named, ({ name }, caller) =>
      versionMessage(store, store.version(caller, 'cloudkms.cryptoKeyVersions.get', name)),
    ),

    ListCryptoKeyVersions: method(listRequest, (request, caller) => {
      const { versions } = store.key(caller, 'cloudkms.cryptoKeyVersions.list', request.parent);
      if (request.orderBy !== '') throw unimplemented(`order_by '${request.orderBy}'`);
      const state = stateFilter(request.filter);
      const matching = versions.filter((version) => state === undefined || store.stateOf(version) === state);
      const { page, nextPageToken } = paginate(matching, request);
      return {
        cryptoKeyVersions: page.map((version) => versionMessage(store, version)),
        nextPageToken,
        // As Google documents: not populated if a filter is applied.
        totalSize: state === undefined ? versions.length : 0,
      };
    }),

    CreateCryptoKeyVersion: method(createRequest, async ({ parent }, caller) => {
      const key = store.key(caller, 'cloudkms.cryptoKeyVersions.create', parent);
      return versionMessage(store, await store.addVersion(key));
    }),

    UpdateCryptoKeyVersion: method(updateRequest, ({ cryptoKeyVersion: wanted, updateMask }, caller) => {
      const version = store.version(caller, 'cloudkms.cryptoKeyVersions.update', wanted.name);
      const paths = updateMask?.paths ?? [];
      if (paths.length !== 1 || paths[0] !== 'state') throw unimplemented(`update_mask '${paths.join()}'`);
      if (wanted.state !== 'ENABLED' && wanted.state !== 'DISABLED') {
        throw invalidArgument(`The state can be set to ENABLED or DISABLED, not to ${wanted.state}.`);
      }
      const state = store.stateOf(version);
      if (state !== 'ENABLED' && state !== 'DISABLED') throw badState(version.name, state);
      version.state = wanted.state;
      return versionMessage(store, version);
    }),

    UpdateCryptoKeyPrimaryVersion: method(primaryRequest, ({ name, cryptoKeyVersionId }, caller) => {
      const key = store.key(caller, 'cloudkms.cryptoKeys.update', name);
      if (key.purpose !== 'ENCRYPT_DECRYPT') throw invalidArgument(`${name} has no primary version.`);
      const version = key.versions.find(({ number }) => String(number) === cryptoKeyVersionId);
      if (version === undefined) throw invalidArgument(`${name} has no version '${cryptoKeyVersionId}'.`);
      store.mustBeEnabled(version);
      key.primary = version;
      return keyMessage(store, key);
    }),

    DestroyCryptoKeyVersion: method(named, ({ name }, caller) => {
      const version = store.version(caller, 'cloudkms.cryptoKeyVersions.destroy', name);
      const state = store.stateOf(version);
      if (state !== 'ENABLED' && state !== 'DISABLED') throw badState(name, state);
      store.scheduleDestruction(version);
      return versionMessage(store, version);
    }),

    RestoreCryptoKeyVersion: method(named, ({ name }, caller) => {
      const version = store.version(caller, 'cloudkms.cryptoKeyVersions.restore', name);
      const state = store.stateOf(version);
      if (state !== 'DESTROY_SCHEDULED') throw badState(name, state);
      version.state = 'DISABLED';
      version.destroyAt = undefined;
      return versionMessage(store, version);
    }),
  };
}

function stateFilter(filter: string): string | undefined {
  if (filter === '') return undefined;
  const [, state] = STATE_FILTER.exec(filter) ?? [];
  if (state === undefined) throw unimplemented(`filter '${filter}'`);
  return state;
}

function paginate<T>(items: readonly T[], { pageSize, pageToken }: { pageSize: number; pageToken: string }) {
  const start = pageToken === '' ? 0 : Number(pageToken);
  if (!Number.isSafeInteger(start) || start < 0) throw invalidArgument(`The page token '${pageToken}' is invalid.`);
  if (pageSize < 0) throw invalidArgument('The page size must not be negative.');
  const end = start + (pageSize === 0 ? DEFAULT_PAGE : pageSize);
  return { page: items.slice(start, end), nextPageToken: end < items.length ? String(end) : '' };
}

const badState = (name: string, state: string) =>
  failedPrecondition(`${name} cannot be changed, current state is: ${state}.`);

/** Unsupported parameters are an error: ignoring them would return a wrong result that looks right. */
const unimplemented = (what: string): GrpcError => invalidArgument(`This stand-in does not implement ${what}.`);
