import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
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
    const server = new Server();
    server.addService(service.definition, implementation(service, caller));
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
    Object.entries(service.methods).map(([name, method]) => {
      const handle: handleUnaryCall<unknown, object> = (call, callback) => {
        answer(service, name, method, call.request, caller).then(
          (response) => callback(null, response),
          (error: unknown) => callback(toStatus(error)),
        );
      };
      return [name, handle];
    }),
  );
}

/** Counts the call, refuses it before or after it took effect if a fault says so, and damages the answer for CORRUPT. */
async function answer(
  { name: service, recorder }: GrpcService,
  name: string,
  method: Method,
  request: unknown,
  caller: Caller,
): Promise<object> {
  const verdict = await recorder.enter(service, name);
  const refusal = verdict && verdict.code !== 'CORRUPT' ? new InjectedFault(verdict.code) : undefined;
  if (refusal !== undefined && !verdict?.lost) throw refusal;
  const response = await method.run(request, caller);
  if (refusal !== undefined) throw refusal;
  return verdict === undefined ? response : damage(response, method.payload);
}

/** Not a GrpcError, since its code is whatever the fault's author wrote. */
class InjectedFault extends Error {
  readonly status: number;

  constructor(code: string) {
    super(`injected fault: ${code}`);
    this.status = statusNumber(code);
  }
}

function toStatus(error: unknown): { code: number; details: string } {
  if (error instanceof GrpcError) return { code: statusNumber(error.code), details: error.message };
  if (error instanceof InjectedFault) return { code: error.status, details: error.message };
  return { code: statusNumber('INTERNAL'), details: `a fault of the stand-in itself: ${error}` };
}
