/** What repeating a call does: nothing (reads, pure functions), the same again, or a second time. */
export type Effect = 'none' | 'idempotent' | 'once';

/** What an adapter's caller learns: the value, an error that says it failed, or that nobody knows. */
export type Outcome = 'ok' | 'failed' | 'unknown';

/** What a fault is to the client that meets it. */
export type Kind =
  /** The client sent nothing. */
  | 'not sent'
  /** The network or the service failed, and the call may have been applied. */
  | 'transient'
  /** No answer in time; like a transient one, except where a late answer costs what another call would cost. */
  | 'late'
  /** Request or answer was damaged, and a checksum shows it. */
  | 'damaged'
  /** The service answered that it will not do it, and would again. */
  | 'refused'
  /** The answer comes late, but in time. */
  | 'slow';

export interface Injected {
  readonly code?: string;
  readonly delay_ms?: number;
}

export interface FaultCase {
  readonly name: string;
  readonly kind: Kind;
  readonly inject: Injected;
  /** The act of the service has taken place when the fault strikes. */
  readonly after: boolean;
}

export interface Traits {
  readonly effect: Effect;
  /** Asking again while the service may still be at work would pay twice. */
  readonly expensive?: true;
  /** For calls that are not repeated: what the caller learns when the call may have been applied. */
  readonly unclear?: Outcome;
  /** Not even a refusal proves that nothing was applied: the network may have sent the call twice. */
  readonly doubts?: true;
}

/**
 * The one rule. A call is sent again when it certainly was not sent, or when repeating it does no harm and the failure
 * may pass; otherwise its caller learns that it failed, or that nobody knows.
 */
export function expectedOf(traits: Traits, { kind }: FaultCase): { readonly outcome: Outcome; readonly sent: number } {
  if (kind === 'slow') return { outcome: 'ok', sent: 1 };
  const harmless = traits.effect !== 'once';
  const mayPass = kind === 'transient' || kind === 'damaged' || (kind === 'late' && !traits.expensive);
  if (kind === 'not sent' || (harmless && mayPass)) return { outcome: 'ok', sent: 2 };
  const certain = kind === 'refused' && !traits.doubts;
  return { outcome: certain ? 'failed' : (traits.unclear ?? 'failed'), sent: 1 };
}

/** How often the act takes place when it is not repeatable: never twice, and not at all when nothing arrived. */
export function effectsOf(fault: FaultCase, { outcome }: { readonly outcome: Outcome }): number {
  return outcome === 'ok' || fault.after ? 1 : 0;
}

/** Milliseconds: the deadline of calls that meet a late answer, and answers behind it and before it. */
export const SHORT_DEADLINE = 2_500;
export const LATE = 3_200;
const SLOW = 40;

const codes = (kind: Kind, names: readonly string[]) => names.map((code) => ({ name: code, kind, inject: { code } }));

const COMMON = [
  ...codes('transient', ['UNAVAILABLE', 'INTERNAL', 'DEADLINE_EXCEEDED', 'DISCONNECT']),
  ...codes('refused', ['PERMISSION_DENIED']),
  { name: 'SLOW', kind: 'slow', inject: { delay_ms: SLOW } },
] as const;

const LATE_ANSWER = { name: 'LATE', kind: 'late', inject: { delay_ms: LATE } } as const;

/** By transport. Over HTTP 429 may pass; over gRPC an exhausted quota is for the caller. */
export const FAULTS: Readonly<Record<string, readonly Omit<FaultCase, 'after'>[]>> = {
  grpc: [
    ...COMMON,
    LATE_ANSWER,
    ...codes('transient', ['ABORTED']),
    ...codes('not sent', ['TOKEN_UNAVAILABLE']),
    ...codes('refused', ['UNKNOWN', 'RESOURCE_EXHAUSTED', 'UNAUTHENTICATED', 'UNIMPLEMENTED']),
  ],
  kms: codes('damaged', ['CORRUPT', 'CORRUPT_REQUEST', 'CHECKSUM_LOST']),
  http: [
    ...COMMON,
    LATE_ANSWER,
    ...codes('transient', ['UNKNOWN', 'RESOURCE_EXHAUSTED']),
    ...codes('refused', ['ABORTED', 'UNAUTHENTICATED']),
  ],
  upload: codes('damaged', ['CORRUPT', 'INVALID_ARGUMENT']),
  download: codes('damaged', ['CORRUPT']),
};
