import { invalidArgument } from '#local/grpc/status.ts';

const KEY = /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/;
const VERSION = /^(.+)\/cryptoKeyVersions\/([1-9]\d{0,8})$/;

/** @throws GrpcError INVALID_ARGUMENT unless it is the name of a crypto key */
export function keyName(name: string): string {
  if (!KEY.test(name)) throw malformed(name);
  return name;
}

export interface VersionName {
  readonly name: string;
  readonly key: string;
  readonly number: number;
}

/** @throws GrpcError INVALID_ARGUMENT unless it is the name of a version of a crypto key */
export function versionName(name: string): VersionName {
  const [, key, number] = VERSION.exec(name) ?? [];
  if (key === undefined || !KEY.test(key)) throw malformed(name);
  return { name, key, number: Number(number) };
}

export const isVersionName = (name: string) => VERSION.test(name);

const malformed = (name: string) => invalidArgument(`The resource name '${name}' is malformed.`);
