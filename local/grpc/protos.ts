import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { serviceDefinition } from '#shared/gcp/service-definition.ts';

const { resolve } = createRequire(import.meta.url);

/**
 * The definition of a gRPC service, from the protos that Google's own client package ships, so that a stand-in and
 * its client can never disagree about the wire.
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

/** Does not change while the process runs. */
const loaded = new Map<string, Promise<ServiceDefinition>>();

const load = async (file: string, service: string): Promise<ServiceDefinition> =>
  serviceDefinition(JSON.parse(await readFile(pathOf(file), 'utf8')), service);

/** A package that exports its protos as a module has the JSON beside it. */
const pathOf = (file: string): string =>
  file.endsWith('.json') ? resolve(file) : join(dirname(resolve(file)), 'protos.json');
