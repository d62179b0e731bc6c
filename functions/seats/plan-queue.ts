import { Fault, isFault } from '#shared/model/errors.ts';
import { DEFAULT_PRIORITY, type KeyRecord } from '#shared/model/key-record.ts';
import type { License } from '#shared/model/license.ts';
import { isWaiting, type Ticket } from '#shared/model/ticket.ts';
import { drop, served } from '#shared/seats/queue-commits.ts';
import type { Write } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import { admit } from './admission.ts';
import { ineligibility } from './eligibility.ts';
import { planGroup } from './plan.ts';
import type { PlanStep, Refuse } from './plan-step.ts';
import type { QueueSnapshot } from './queue-snapshot.ts';
import type { SeatSnapshot } from './snapshot.ts';
import { type FillingQueue, planEnqueue, planPoll, type Wait } from './wait-step.ts';

export interface QueuePlan {
  readonly steps: (PlanStep | Wait)[];
  /** Removes tickets that nobody needs any more; nothing depends on these writes. */
  readonly cleaning: Write[];
}

type Snapshot = SeatSnapshot & { readonly license: License };

/**
 * Decides a group of requests of a licence with a queue: who is not admitted is decided as if no seat were free, and who
 * finds none gets a ticket. Pure, like `planGroup`.
 * @param now milliseconds since the epoch
 */
export function planQueue(
  snapshot: Snapshot,
  queue: QueueSnapshot,
  requests: readonly AttemptedRequest[],
  now: number,
): QueuePlan {
  const { license, keys } = snapshot;
  const keyOf = ({ keyHash }: AttemptedRequest) => keys.get(keyHash);
  const priorityOf = (request: AttemptedRequest) => keyOf(request)?.priority ?? DEFAULT_PRIORITY;
  const isEligible = (request: AttemptedRequest) => ineligibility(keyOf(request), license, now) === undefined;
  const { admitted, waiting, living } = admit(snapshot, queue, requests.filter(isEligible), priorityOf, now);
  const refused = requests.filter((request) => !isEligible(request));
  // All at once: no two of them get the same seat, slot or session.
  const planned = planGroup(snapshot, [...admitted, ...refused, ...waiting], now, new Set(waiting));
  const unlent = planned.filter((step): step is Refuse => step.kind === 'refuse' && isUnlent(step));
  if (unlent.length > 0) return planWithout(unlent, { snapshot, queue, requests, now });

  const line = createLine(license, queue, living, now);
  const outcomes = planned.map((step): LineOutcome => {
    const ticket = queue.own.get(step.request.holderId);
    if (step.kind === 'renew') return { step, gone: ticket };
    if (step.kind === 'claim')
      return { step: ticket === undefined ? step : { ...step, writes: [...step.writes, served(ticket)] } };
    if (step.kind === 'misread') return { step };
    return isFault(step.fault, 'no_seats_available') ? line(step, ticket, keyOf(step.request)) : { step };
  });
  const dead = queue.first.filter((ticket) => !isWaiting(ticket, now) && !queue.own.has(ticket.holder));
  const gone = outcomes.flatMap((outcome) => outcome.gone ?? []);
  return { steps: outcomes.map(({ step }) => step), cleaning: [...dead, ...gone].map(drop) };
}

const isUnlent = ({ fault }: Refuse): boolean => isFault(fault, 'no_borrow_available');

interface Planning {
  readonly snapshot: Snapshot;
  readonly queue: QueueSnapshot;
  readonly requests: readonly AttemptedRequest[];
  readonly now: number;
}

/** Machines that find nothing to borrow take no seat and wait for none: those behind them are next. */
function planWithout(unlent: readonly Refuse[], { snapshot, queue, requests, now }: Planning): QueuePlan {
  const gone = new Set(unlent.map(({ request }) => request.holderId));
  const tickets = [...gone].flatMap((holder) => queue.own.get(holder) ?? []);
  const remaining = {
    ...queue,
    first: queue.first.filter(({ holder }) => !gone.has(holder)),
    length: Math.max(0, queue.length - tickets.filter((ticket) => isWaiting(ticket, now)).length),
    own: new Map([...queue.own].filter(([holder]) => !gone.has(holder))),
  };
  const others = requests.filter(({ holderId }) => !gone.has(holderId));
  const { steps, cleaning } = planQueue(snapshot, remaining, others, now);
  return { steps: [...unlent, ...steps], cleaning: [...tickets.map(drop), ...cleaning] };
}

interface LineOutcome {
  readonly step: PlanStep | Wait;
  /** The ticket that its machine has no use for any more. */
  readonly gone?: Ticket | undefined;
}

/** Takes in, one after the other, the requests of a group that get no seat. */
function createLine(license: License, queue: QueueSnapshot, living: readonly Ticket[], now: number) {
  const tickets: Pick<Ticket, 'rank' | 'holder'>[] = [...living];
  let joined = 0;
  const filling = (): FillingQueue => ({
    licenseId: license.id,
    tickets,
    hasMore: queue.hasMore,
    length: queue.length + joined,
    now,
  });
  return (refusal: Refuse, ticket: Ticket | undefined, key: KeyRecord | undefined): LineOutcome => {
    const { request } = refusal;
    if (ticket !== undefined && isWaiting(ticket, now)) return { step: planPoll(request, ticket, key, filling()) };
    const isOver = ticket !== undefined && ticket.wait_until <= now;
    if (isOver || request.queue === undefined) return { step: refusal, gone: ticket };
    if (license.queue === null || queue.length + joined >= license.queue.max_length) {
      return { step: { ...refusal, fault: queueFull(queue.length + joined) }, gone: ticket };
    }
    const { step, ticket: made } = planEnqueue(request, { dead: ticket, key, order: joined }, filling());
    tickets.push(made);
    joined += 1;
    return { step };
  };
}

const queueFull = (length: number): Fault =>
  new Fault('queue_full', 'As many machines wait for a seat as the licence allows.', {
    extra: { queue_length: length },
  });
