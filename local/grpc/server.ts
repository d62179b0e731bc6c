import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerOptions,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Caller } from '#local/caller.ts';
import type { Recorder } from '#local/recorder.ts';
import { damage, type Method } from './method.ts';
import { GrpcError, statusNumber } from './status.ts';

export interface GrpcService {
  /** What the recorder calls it, e.g. `kms`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  /** By the RPC's name, e.g. `AsymmetricSign`. The others answer UNIMPLEMENTED. */
  readonly methods: Readonly<Record<string, Method>>;
  readonly callers: readonly Caller[];
  readonly recorder: Recorder;
}

export interface GrpcListeners {
  /** `host:port` of the plaintext listener that takes every call as this account's. */
  address(email: string): string;
  close(): Promise<void>;
}

/** Serves one state of a service on a loopback port for each caller: the listener is the identity. */
export async function startGrpc(service: GrpcService): Promise<GrpcListeners> {
  const servers: Server[] = [];
  const addresses = new Map<string, string>();
  for (const caller of service.callers) {
    const server = createServer(service, caller);
    addresses.set(caller.email, await listen(server));
    servers.push(server);
  }
  return {
    address(email) {
      const address = addresses.get(email);
      if (address === undefined) throw new TypeError(`${service.name} has no listener for ${email}`);
      return address;
    },
    async close() {
      for (const server of servers) server.forceShutdown();
    },
  };
}

/** Serves a service to one caller, wherever its connections come from. */
export function createServer(service: GrpcService, caller: Caller, options: ServerOptions = {}): Server {
  const server = new Server(options);
  server.addService(service.definition, implementation(service, caller));
  return server;
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${port}`);
      else reject(error);
    });
  });
}

function implementation(service: GrpcService, caller: Caller): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.keys(service.methods).map((name) => {
      const streams = service.definition[name]?.responseStream === true;
      return [name, streams ? streaming(service, name, caller) : unary(service, name, caller)];
    }),
  );
}

function unary(service: GrpcService, name: string, caller: Caller): handleUnaryCall<unknown, object> {
  return (call, callback) => {
    answer(service, name, call.request, caller, call).then(
      (response) => callback(null, response),
      (error: unknown) => callback(toStatus(error)),
    );
  };
}

/** The method answers with the whole stream, as an array. */
function streaming(service: GrpcService, name: string, caller: Caller): handleServerStreamingCall<unknown, object> {
  return (call) => {
    answer(service, name, call.request, caller, call).then(
      (responses) => {
        for (const response of Array.isArray(responses) ? responses : [responses]) call.write(response);
        call.end();
      },
      (error: unknown) => call.emit('error', toStatus(error)),
    );
  };
}

/**
 * Counts the call and applies injected faults: an error before or after the call took effect, or a damaged response.
 * A call that is cancelled while a fault delays it has no effect, unless the fault is `lost`: then the call takes effect
 * after its caller has given up.
 */
export async function answer(
  { name: service, recorder, methods }: GrpcService,
  name: string,
  request: unknown,
  caller: Caller,
  call: { readonly cancelled: boolean },
): Promise<object> {
  const fault = await recorder.enter(service, name);
  const refusal = fault && fault.code !== 'CORRUPT' ? new InjectedFault(fault.code) : undefined;
  if (refusal !== undefined && !fault?.lost) throw refusal;
  if (call.cancelled && !fault?.lost) throw new GrpcError('CANCELLED', 'The call was cancelled.');
  const method = methods[name];
  if (method === undefined) throw new GrpcError('UNIMPLEMENTED', `${service}.${name} is not implemented here.`);
  const response = await method.run(request, caller);
  if (refusal !== undefined) throw refusal;
  return fault === undefined ? response : damage(response, method.payload);
}

/** Not a GrpcError, because the code of an injected fault may be any string. */
class InjectedFault extends Error {
  readonly status: number;

  constructor(code: string) {
    super(`injected fault: ${code}`);
    this.status = statusNumber(code);
  }
}

export function toStatus(error: unknown): { code: number; details: string } {
  if (error instanceof GrpcError) return { code: statusNumber(error.code), details: error.message };
  if (error instanceof InjectedFault) return { code: error.status, details: error.message };
  return { code: statusNumber('INTERNAL'), details: `a fault of the stand-in itself: ${error}` };
}
