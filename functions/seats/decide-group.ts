import { awaitsStart, begun, type License } from '#shared/model/license.ts';
import { beginLicense } from '#shared/seats/license-commits.ts';
import type { Write } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import { ineligibility } from './eligibility.ts';
import { createMachineCounter, machineLimitReached } from './machine-limit.ts';
import { planGroup } from './plan.ts';
import { planQueue } from './plan-queue.ts';
import type { PlanStep } from './plan-step.ts';
import type { SeatSnapshot } from './snapshot.ts';
import type { TermsSnapshot } from './terms-snapshot.ts';
import type { Wait } from './wait-step.ts';

export type Step = PlanStep | Wait;

export interface Decision {
  /** As `planGroup` returns them, in no particular order. */
  readonly steps: readonly Step[];
  /** Removes what nobody needs any more; nothing depends on these writes. */
  readonly cleaning: readonly Write[];
}

/**
 * Decides a group of requests of one licence by all of its terms: which machines may take a seat today, who is next, and
 * whether the licence begins now. Pure, like `planGroup`, which decides the rest.
 * @param now milliseconds since the epoch
 */
export function decideGroup(
  snapshot: SeatSnapshot,
  terms: TermsSnapshot,
  requests: readonly AttemptedRequest[],
  now: number,
): Decision {
  if (snapshot.license === undefined) return { steps: planGroup(snapshot, requests, now), cleaning: [] };
  const license = begun(snapshot.license, now);
  const read = { ...snapshot, license };
  const counter = terms.machines && createMachineCounter(license, terms.machines, now);
  const isBeyondLimit = (request: AttemptedRequest) =>
    counter !== undefined && takesSeat(read, request, now) && !counter.admits(request);
  const beyond = new Set(requests.filter(isBeyondLimit));
  const others = requests.filter((request) => !beyond.has(request));
  const { steps, cleaning } =
    terms.queue === undefined
      ? { steps: planGroup(read, others, now), cleaning: [] }
      : planQueue(read, terms.queue, others, now);
  const refused = [...beyond].map(
    (request): Step => ({ kind: 'refuse', request, fault: machineLimitReached(license) }),
  );
  // Who brings a seat along writes the licence in the same commit; the next seat that is taken begins it.
  const makesSeat = steps.some((step) => step.kind === 'claim' && step.makesSeat === true);
  let isBegun = makesSeat || !awaitsStart(snapshot.license);
  const counted = steps.map((step): Step => {
    if (step.kind !== 'claim') return step;
    const begins: Write[] = isBegun ? [] : [beginLicense(snapshot.license as License, now)];
    isBegun = true;
    return { ...step, writes: [...step.writes, ...(counter?.writesFor(step.request) ?? []), ...begins] };
  });
  return { steps: [...counted, ...refused], cleaning };
}

/** Whether a request would take a seat that its holder does not have. */
const takesSeat = (
  { license, keys, holders }: SeatSnapshot & { readonly license: License },
  request: AttemptedRequest,
  now: number,
) => !holders.has(request.holderId) && ineligibility(keys.get(request.keyHash), license, now) === undefined;
