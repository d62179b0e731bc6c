import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fromJSON, type ServiceDefinition } from '@grpc/proto-loader';

const { resolve } = createRequire(import.meta.url);

/**
 * The definition of a gRPC service, from the protos that Google's own client package ships, so that a stand-in and
 * its client can never disagree about the wire.
 *
 * Messages have every field: 64-bit integers and enums as strings, bytes as Buffer, absent messages as null.
 *
 * @param file e.g. `@google-cloud/kms/build/protos/protos.json`
 * @param service e.g. `google.cloud.kms.v1.KeyManagementService`
 */
export function loadService(file: string, service: string): Promise<ServiceDefinition> {
  const name = `${file} ${service}`;
  const loading = loaded.get(name) ?? load(file, service);
  loaded.set(name, loading);
  return loading;
}

/** What does not change while the process runs, and takes a third of a second to read. */
const loaded = new Map<string, Promise<ServiceDefinition>>();

async function load(file: string, service: string): Promise<ServiceDefinition> {
  const json = JSON.parse(await readFile(resolve(file), 'utf8'));
  keepVersion(json, service);
  const definition = fromJSON(json, { longs: String, enums: String, defaults: true })[service];
  if (definition === undefined || isMessage(definition)) throw new TypeError(`${file} has no service ${service}`);
  return definition;
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

type Definition = ReturnType<typeof fromJSON>[string];

function isMessage(definition: Definition): definition is Exclude<Definition, ServiceDefinition> {
  return typeof definition['format'] === 'string';
}
