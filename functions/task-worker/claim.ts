import { setTimeout as sleepFor } from 'node:timers/promises';
import { formatTime } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import type { ObjectLabeller, ObjectMetadata } from '#shared/store/objects.ts';

/** Milliseconds after which a claim that is not renewed is free: its holder was killed. */
export const CLAIM_LEASE = 20_000;
/** Milliseconds between renewals. */
const RENEWAL = 6_000;
/** Milliseconds between two looks at another's claim. */
const LOOK = 1_000;

export interface ClaimOptions {
  readonly objects: ObjectLabeller;
  /** The execution that wants the task: its retries have the same. */
  readonly holder: string;
  readonly clock?: Clock;
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
}

/** The right to run a task. It is renewed until it is released. */
export interface Claim {
  /** Aborted when another execution has taken the task over. */
  readonly lost: AbortSignal;
  /** Ends the renewal. @param free lets the next execution in at once; not for an object that is gone */
  release(free: boolean): Promise<void>;
}

/**
 * Claims a task for one execution, by two labels of its object that are changed under a precondition. A claim of another
 * execution is watched: when it is renewed, that execution is alive; when its lease is over, it was killed.
 * @throws Fault `conflict` while another execution runs the task; `not_found`, `dependency_unavailable`
 */
export async function claimTask(name: string, options: ClaimOptions): Promise<Claim> {
  const { objects, holder, clock = { now: Date.now }, sleep = sleepFor } = options;
  let watched: string | undefined;
  for (;;) {
    const seen = await objects.inspect(name);
    const { claim_holder: other, claim_until: until = '' } = seen.custom;
    if (other !== undefined && other !== holder && Date.parse(until) > clock.now()) {
      if (watched !== undefined && watched !== until) throw runs(other);
      watched = until;
      await sleep(LOOK);
      continue;
    }
    const claimed = await objects.label(name, seen, claimOf(holder, clock.now()));
    if (claimed !== undefined) return createClaim(name, claimed, { objects, holder, clock });
  }
}

function createClaim(
  name: string,
  claimed: ObjectMetadata,
  { objects, holder, clock }: { objects: ObjectLabeller; holder: string; clock: Clock },
): Claim {
  const lost = new AbortController();
  let seen = claimed;
  let renewal = Promise.resolve();

  async function renew(): Promise<void> {
    const renewed = await objects.label(name, seen, claimOf(holder, clock.now()));
    // Without a result the metadata has changed, perhaps by a renewal whose response was lost.
    seen = renewed ?? (await objects.inspect(name));
    if (seen.custom['claim_holder'] !== holder) lost.abort();
  }

  const timer = setInterval(() => {
    // A renewal that fails is tried again by the next; an owner may have deleted the object meanwhile.
    renewal = renewal.then(renew).catch(() => undefined);
  }, RENEWAL);

  return {
    lost: lost.signal,
    async release(free) {
      clearInterval(timer);
      await renewal;
      if (!free || lost.signal.aborted) return;
      await objects.label(name, seen, { claim_holder: null, claim_until: null }).catch(() => undefined);
    },
  };
}

const claimOf = (holder: string, now: number) => ({
  claim_holder: holder,
  claim_until: formatTime(now + CLAIM_LEASE),
});

/** The claim was lost to another execution, so this one must not go on. */
export const takenOver = () => new Fault('conflict', 'Another execution has taken the task over.');

const runs = (other: string) => new Fault('conflict', `Another execution runs this task: ${other}.`);
