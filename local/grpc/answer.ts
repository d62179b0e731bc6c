import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Caller } from '#local/caller.ts';
import { NO_TOKEN } from '#local/fault-codes.ts';
import type { CallFailure, Recorder, StandIn } from '#local/recorder.ts';
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

/** What a fault can do to the call that it hits. */
export interface Call {
  readonly cancelled: boolean;
  /** Ends the connection that carries it. */
  disconnect(): void;
}

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

/** The status that a call ends with. */
export interface WireStatus {
  readonly code: number;
  readonly details: string;
}

export function toStatus(error: unknown): WireStatus {
  if (error instanceof GrpcError) return { code: statusNumber(error.code), details: error.message };
  if (error instanceof InjectedFault) return { code: error.status, details: error.message };
  return { code: statusNumber('INTERNAL'), details: `a fault of the stand-in itself: ${error}` };
}
