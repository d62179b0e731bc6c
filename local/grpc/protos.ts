import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

const { resolve } = createRequire(import.meta.url);

/**
 * The definition of a gRPC service, from the protos that Google's own client package ships, so that a stand-in and
 * its client can never disagree about the wire.
 *
 * Messages have every field: 64-bit integers and enums as strings, bytes as Buffer, absent messages as null.
 *
 * @param file e.g. `@google-cloud/kms/build/protos/protos.json`, or the module that a package exports beside it
 * @param service e.g. `google.cloud.kms.v1.KeyManagementService`
 */
export function loadService(file: string, service: string): Promise<ServiceDefinition> {
  const name = `${file} ${service}`;
  const loading = loaded.get(name) ?? load(file, service);
  loaded.set(name, loading);
  return loading;
}

/** Does not change while the process runs, and takes a tenth of a second to read. */
const loaded = new Map<string, Promise<ServiceDefinition>>();

/**
 * Not with @grpc/proto-loader: it also makes a descriptor of every message that the file has, for reflection, which
 * takes six times as long and is used by nobody here.
 */
async function load(file: string, service: string): Promise<ServiceDefinition> {
  const json = JSON.parse(await readFile(pathOf(file), 'utf8'));
  keepVersion(json, service);
  const found = protobuf.Root.fromJSON(json).lookupService(service);
  return Object.fromEntries(found.methodsArray.map((method) => [method.name, definitionOf(method, service)]));
}

function definitionOf(method: protobuf.Method, service: string): MethodDefinition<object, object> {
  const { name, requestStream = false, responseStream = false } = method;
  method.resolve();
  const request = codecOf(method.resolvedRequestType);
  const response = codecOf(method.resolvedResponseType);
  return {
    path: `/${service}/${name}`,
    originalName: `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
    requestStream,
    responseStream,
    requestSerialize: request.serialize,
    requestDeserialize: request.deserialize,
    responseSerialize: response.serialize,
    responseDeserialize: response.deserialize,
  };
}

/** A package that exports its protos as a module has the JSON beside it. */
const pathOf = (file: string): string =>
  file.endsWith('.json') ? resolve(file) : join(dirname(resolve(file)), 'protos.json');

const FORM = { longs: String, enums: String, defaults: true };

/** protobufjs writes a message's code when it is first used: those of methods that nobody calls cost nothing. */
function codecOf(type: protobuf.Type | null) {
  if (type === null) throw new TypeError('a method without its messages');
  return {
    serialize(message: object): Buffer {
      const bytes = type.encode(type.fromObject(message)).finish();
      return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
    },
    deserialize: (bytes: Buffer): object => type.toObject(type.decode(bytes), FORM),
  };
}

interface Namespace {
  nested?: Record<string, Namespace>;
}

/** Leaves out the packages beside the service's own, which it does not use and which take long to load: Firestore's admin. */
function keepVersion(root: Namespace, service: string): void {
  const [version = '', ...outer] = service.split('.').slice(0, -1).reverse();
  const around = outer.reduceRight((space: Namespace | undefined, name) => space?.nested?.[name], root);
  const own = around?.nested?.[version];
  if (around !== undefined && own !== undefined) around.nested = { [version]: own };
}
