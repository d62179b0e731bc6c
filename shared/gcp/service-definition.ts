import { type grpc, protobuf } from 'google-gax';

/** How messages are told to their reader: as Google's clients have them. */
const FORM = { longs: String, enums: String, defaults: true, oneofs: true };

/** What a client may do otherwise, since it knows what it sends and what it reads. */
export interface ClientForms {
  /** What 64-bit integers of answers are: a string of each takes five divisions of 64-bit numbers. */
  readonly longs: NumberConstructor | StringConstructor;
  /**
   * Full names of messages that are written as the encoder takes them, with enums as numbers, and need not be copied
   * member by member first.
   */
  readonly asEncoded: ReadonlySet<string>;
}

const AS_GOOGLE: ClientForms = { longs: String, asEncoded: new Set() };

/**
 * The definition of one gRPC service, from the descriptors in JSON that Google's client packages ship as `protos.json`.
 * Messages have every field: 64-bit integers and enums as strings, bytes as Buffer, absent messages as null.
 *
 * Not with @grpc/proto-loader: it resolves every message that the file has, and makes a second descriptor of each for
 * reflection, which takes ten times as long and is used by nobody here.
 *
 * @param service e.g. `google.cloud.kms.v1.KeyManagementService`
 * @throws TypeError for a service that the file has not, or one of a message that it has not
 */
export function serviceDefinition(
  json: protobuf.INamespace,
  service: string,
  forms: ClientForms = AS_GOOGLE,
): grpc.ServiceDefinition {
  const { methodsArray } = protobuf.Root.fromJSON(onlyWhatItUses(json, service)).lookupService(service);
  return Object.fromEntries(methodsArray.map((method) => [method.name, definitionOf(method, service, forms)]));
}

function definitionOf(
  method: protobuf.Method,
  service: string,
  { longs, asEncoded }: ClientForms,
): grpc.MethodDefinition<object, object> {
  const { name, requestStream = false, responseStream = false } = method;
  method.resolve();
  const request = codecOf(method.resolvedRequestType, FORM, asEncoded);
  const response = codecOf(method.resolvedResponseType, { ...FORM, longs }, asEncoded);
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

/** protobufjs writes a message's code when it is first used: those of methods that nobody calls cost nothing. */
function codecOf(type: protobuf.Type | null, form: protobuf.IConversionOptions, asEncoded: ReadonlySet<string>) {
  if (type === null) throw new TypeError('a method without its messages');
  return {
    serialize(message: object): Buffer {
      const bytes = type.encode(asEncoded.has(type.fullName) ? message : type.fromObject(message)).finish();
      return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
    },
    deserialize: (bytes: Buffer): object => type.toObject(type.decode(bytes), form),
  };
}

/** As much of a descriptor as is read here: a namespace, a message, an enum or a service. */
interface Descriptor {
  readonly options?: object;
  readonly nested?: Readonly<Record<string, Descriptor>>;
  readonly fields?: Readonly<Record<string, { readonly type: string }>>;
  readonly values?: object;
  readonly methods?: Readonly<Record<string, { readonly requestType: string; readonly responseType: string }>>;
}

type Path = readonly string[];

/** A copy of the file with the service, the messages that its methods take and give, and those within them. */
function onlyWhatItUses(json: Descriptor, service: string): protobuf.INamespace {
  const kept: protobuf.INamespace = { nested: {} };
  const seen = new Set<string>();
  const need = (name: string, scope: Path): void => {
    if (name in protobuf.types.basic) return;
    const path = outermost(json, resolve(json, name, scope));
    if (seen.has(path.join())) return;
    seen.add(path.join());
    const found = at(json, path) ?? {};
    put(kept, path, found);
    follow(found, path);
  };
  const follow = ({ fields = {}, methods = {}, nested = {} }: Descriptor, path: Path): void => {
    for (const { type } of Object.values(fields)) need(type, path);
    for (const { requestType, responseType } of Object.values(methods)) {
      need(requestType, path);
      need(responseType, path);
    }
    for (const [name, inner] of Object.entries(nested)) follow(inner, [...path, name]);
  };
  need(`.${service}`, []);
  return kept;
}

function at(json: Descriptor, path: Path): Descriptor | undefined {
  return path.reduce((space: Descriptor | undefined, name) => space?.nested?.[name], json);
}

/** Protocol Buffers look a name up in the innermost scope first; one that begins with a dot is complete. */
function resolve(json: Descriptor, name: string, scope: Path): Path {
  const parts = name.split('.');
  if (parts[0] === '') return parts.slice(1);
  for (let depth = scope.length; depth >= 0; depth -= 1) {
    const path = [...scope.slice(0, depth), ...parts];
    if (at(json, path) !== undefined) return path;
  }
  throw new TypeError(`${name} in ${scope.join('.')} is not defined`);
}

/** The message that a nested one is defined in: they are kept as a whole. */
function outermost(json: Descriptor, path: Path): Path {
  const depth = path.findIndex((_, index) => !isNamespace(at(json, path.slice(0, index + 1))));
  return path.slice(0, depth + 1);
}

const isNamespace = (found: Descriptor | undefined): boolean =>
  found !== undefined && found.fields === undefined && found.values === undefined && found.methods === undefined;

function put(root: protobuf.INamespace, path: Path, found: Descriptor): void {
  let space = root;
  for (const name of path.slice(0, -1)) {
    space.nested ??= {};
    space.nested[name] ??= { nested: {} };
    space = space.nested[name];
  }
  space.nested = { ...space.nested, [path.at(-1) ?? '']: found };
}
