import { setTimeout as sleep } from 'node:timers/promises';

/** The stand-ins whose calls are counted and can be made to fail, as `GET /calls` and `POST /faults` name them. */
export const STAND_INS = ['firestore', 'iam', 'identity', 'kms', 'pubsub', 'run', 'storage', 'tasks'] as const;
export type StandIn = (typeof STAND_INS)[number];

/** A fault to inject into calls of one method; the shape of `POST /faults`. */
export interface Fault {
  readonly service: string;
  /** The RPC's name, e.g. `AsymmetricSign`; `*` for every method of the service. */
  readonly method: string;
  /** A gRPC status name such as `UNAVAILABLE`, or one of `BEYOND_STATUS` in fault-codes.ts. Absent: only slow. */
  readonly code?: string;
  /** How many calls it hits before it is used up. Default: until it is deleted. */
  readonly times?: number;
  /** How many calls it lets pass before the first that it hits. Default 0. */
  readonly after?: number;
  readonly delay_ms?: number;
  /** From 0 to 1. Default 1. */
  readonly probability?: number;
  /** The call takes effect and only its answer is replaced by the fault. */
  readonly lost?: boolean;
}

/** How the current call fails: before, or (`lost`) after it has taken effect. */
export interface CallFailure {
  readonly code: string;
  readonly lost: boolean;
}

/** Counts every call to a stand-in and says which of them fail. */
export interface Recorder {
  /** Counts the call, applies the delay of matching faults, and returns the failure to inject, if any. */
  enter(service: string, method: string): Promise<CallFailure | undefined>;
  calls(): Record<string, number>;
  forgetCalls(): void;
  inject(fault: Fault): void;
  forgetFaults(): void;
}

export function createRecorder(random: () => number = Math.random): Recorder {
  const counts = new Map<string, number>();
  let faults: { fault: Fault; left: number; passing: number }[] = [];

  const hit = (service: string, method: string) =>
    faults.filter((entry) => {
      const { fault, left } = entry;
      const matches = fault.service === service && (fault.method === method || fault.method === '*');
      if (!matches || left <= 0) return false;
      if (entry.passing > 0) {
        entry.passing -= 1;
        return false;
      }
      return random() < (fault.probability ?? 1);
    });

  return {
    async enter(service, method) {
      const name = `${service}.${method}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      const hits = hit(service, method);
      for (const entry of hits) entry.left -= 1;
      const delay = hits.reduce((sum, { fault }) => sum + (fault.delay_ms ?? 0), 0);
      if (delay > 0) await sleep(delay);
      const failing = hits.find(({ fault }) => fault.code !== undefined)?.fault;
      return failing?.code === undefined ? undefined : { code: failing.code, lost: failing.lost ?? false };
    },
    calls: () => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
    forgetCalls: () => counts.clear(),
    inject: (fault) => faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY, passing: fault.after ?? 0 }),
    forgetFaults: () => {
      faults = [];
    },
  };
}
