import type * as Gax from 'google-gax';
import gax, { type grpc, type protobuf } from 'google-gax';
import { type ClientForms, serviceDefinition } from './service-definition.ts';

/**
 * All that is read of 64-bit integers are seconds, checksums and our own counts, far below 2^53. Firestore's writes are
 * most of what is sent, and firestore-values.ts builds them for the encoder.
 */
const FORMS: ClientForms = {
  longs: Number,
  asEncoded: new Set(['.google.firestore.v1.CommitRequest', '.google.firestore.v1.BatchWriteRequest']),
};

/** Makes a service's client when it is asked for, from the descriptors that a generated client has read. */
class GrpcClient extends gax.GrpcClient {
  override loadProtoJSON(json: protobuf.INamespace): grpc.GrpcObject {
    const known = loaded.get(json) ?? clientsOf(json, json, []);
    loaded.set(json, known);
    return known;
  }
}

const loaded = new WeakMap<object, grpc.GrpcObject>();

function clientsOf(json: protobuf.INamespace, space: protobuf.INamespace, path: readonly string[]): grpc.GrpcObject {
  const clients: grpc.GrpcObject = {};
  for (const [name, inner] of Object.entries(space.nested ?? {})) {
    if ('methods' in inner) defineClient(clients, name, json, [...path, name].join('.'));
    else if ('nested' in inner && !('fields' in inner)) clients[name] = clientsOf(json, inner, [...path, name]);
  }
  return clients;
}

function defineClient(clients: grpc.GrpcObject, name: string, json: protobuf.INamespace, service: string): void {
  const get = () => {
    const value = gax.grpc.makeClientConstructor(serviceDefinition(json, service, FORMS), name);
    Object.defineProperty(clients, name, { value });
    return value;
  };
  Object.defineProperty(clients, name, { get, configurable: true, enumerable: true });
}

/** Policies, locations and long-running operations: parts of each generated client that we call nothing of. */
class Unused {
  readonly close = async (): Promise<void> => undefined;
}

/** Of a long-running operation's result, which nobody reads. */
const unread = { decode: () => undefined };

/**
 * What a generated client is given as its `google-gax`: the same, less what takes most of a start. The original hashes,
 * resolves and describes all descriptors of an API for each client that is made, and those of three further services.
 */
export const leanGax: typeof Gax = Object.create(gax, {
  GrpcClient: { value: GrpcClient },
  IamClient: { value: Unused },
  LocationsClient: { value: Unused },
  lro: { value: () => ({ operationsClient: () => new Unused() }) },
  protobufFromJSON: { value: () => ({ lookup: () => unread }) },
});
