import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
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
import { NO_TOKEN } from '#local/fault-codes.ts';
import type { CallFailure, Recorder, StandIn } from '#local/recorder.ts';
import { type Connections, createConnections } from './connections.ts';
import { damage, damageRequest, type Method, withoutChecksums } from './method.ts';
import { GrpcError, statusNumber } from './status.ts';

export interface GrpcService {
  readonly name: StandIn;
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
  const listeners = new Map<string, Listener>();
  for (const caller of service.callers) listeners.set(caller.email, await listen(service, caller));
  return {
    address(email) {
      const listener = listeners.get(email);
      if (listener === undefined) throw new TypeError(`${service.name} has no listener for ${email}`);
      return listener.address;
    },
    async close() {
      await Promise.all([...listeners.values()].map((listener) => listener.close()));
    },
  };
}

/**
 * Serves a service to one caller, on the connections that the caller of this function injects.
 * @param connections those that calls come by
 */
export function createServer(
  service: GrpcService,
  caller: Caller,
  connections: Connections,
  options: ServerOptions = {},
): Server {
  const server = new Server(options);
  server.addService(service.definition, implementation(service, caller, connections));
  return server;
}

interface Listener {
  readonly address: string;
  close(): Promise<void>;
}

/** Accepts the connections itself, since gRPC's server offers no way to cut one. */
async function listen(service: GrpcService, caller: Caller): Promise<Listener> {
  const connections = createConnections();
  const grpc = createServer(service, caller, connections);
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const server = createTcpServer((socket) => {
    connections.add(socket);
    socket.setNoDelay(true);
    injector.injectConnection(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return {
    address: `127.0.0.1:${address.port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      grpc.forceShutdown();
      connections.close();
      await closed;
    },
  };
}

function implementation(service: GrpcService, caller: Caller, connections: Connections): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.keys(service.methods).map((name) => {
      const streams = service.definition[name]?.responseStream === true;
      const serve = streams ? streaming : unary;
      return [name, serve(service, name, caller, connections)];
    }),
  );
}

type Serve<Handler> = (service: GrpcService, name: string, caller: Caller, connections: Connections) => Handler;

/** What a fault can do to the call that it hits. */
export interface Call {
  readonly cancelled: boolean;
  /** Ends the connection that carries it. */
  disconnect(): void;
}

const callOf = (call: { readonly cancelled: boolean; getPeer(): string }, connections: Connections): Call => ({
  get cancelled() {
    return call.cancelled;
  },
  disconnect: () => connections.cut(call.getPeer()),
});

const unary: Serve<handleUnaryCall<unknown, object>> = (service, name, caller, connections) => (call, callback) => {
  answer(service, name, call.request, caller, callOf(call, connections)).then(
    (response) => callback(null, response),
    (error: unknown) => callback(toStatus(error)),
  );
};

/** The method answers with the whole stream, as an array. */
const streaming: Serve<handleServerStreamingCall<unknown, object>> = (service, name, caller, connections) => (call) => {
  answer(service, name, call.request, caller, callOf(call, connections)).then(
    (responses) => {
      for (const response of Array.isArray(responses) ? responses : [responses]) call.write(response);
      call.end();
    },
    (error: unknown) => call.emit('error', toStatus(error)),
  );
};

/**
 * Counts the call and applies injected faults: an error before or after the call took effect, a connection that ends, or
 * a damaged request or response. A call that is cancelled while a fault delays it has no effect, unless the fault is
 * `lost`: then the call takes effect after its caller has given up.
 */
export async function answer(
  { name: service, recorder, methods }: GrpcService,
  name: string,
  request: unknown,
  caller: Caller,
  call: Call,
): Promise<object> {
  const fault = await recorder.enter(service, name);
  const refusal = fault === undefined ? undefined : refusalOf(fault);
  if (refusal !== undefined && !fault?.lost) throw refuse(refusal, call);
  if (call.cancelled && !fault?.lost) throw new GrpcError('CANCELLED', 'The call was cancelled.');
  const method = methods[name];
  if (method === undefined) throw new GrpcError('UNIMPLEMENTED', `${service}.${name} is not implemented here.`);
  const response = await method.run(onItsWay(request, fault), caller);
  if (refusal !== undefined) throw refuse(refusal, call);
  return fault?.code === 'CORRUPT' ? damage(response, method.payload) : response;
}

/** The error of a fault in whose place there is no answer; undefined for one that damages what is sent. */
function refusalOf({ code }: CallFailure): InjectedFault | undefined {
  switch (code) {
    case 'CORRUPT':
    case 'CORRUPT_REQUEST':
    case 'CHECKSUM_LOST':
      return undefined;
    case 'TOKEN_UNAVAILABLE':
      return new InjectedFault('UNKNOWN', NO_TOKEN);
    default:
      return new InjectedFault(code);
  }
}

function refuse(refusal: InjectedFault, call: Call): InjectedFault {
  if (refusal.code === 'DISCONNECT') call.disconnect();
  return refusal;
}

function onItsWay(request: unknown, fault: CallFailure | undefined): unknown {
  if (fault?.code === 'CORRUPT_REQUEST') return damageRequest(request);
  return fault?.code === 'CHECKSUM_LOST' ? withoutChecksums(request) : request;
}

/** Not a GrpcError, because the code of an injected fault may be any string. */
class InjectedFault extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message = `injected fault: ${code}`) {
    super(message);
    this.code = code;
    this.status = statusNumber(code);
  }
}

export function toStatus(error: unknown): { code: number; details: string } {
  if (error instanceof GrpcError) return { code: statusNumber(error.code), details: error.message };
  if (error instanceof InjectedFault) return { code: error.status, details: error.message };
  return { code: statusNumber('INTERNAL'), details: `a fault of the stand-in itself: ${error}` };
}
