import type { Clock } from '#shared/model/clock.ts';
import { type Fault, isFault } from '#shared/model/errors.ts';
import { CommitError, type DocumentStore, type Write, type WriteFailure } from '#shared/store/store.ts';
import { type AttemptedRequest, callerGone } from './acquire-request.ts';
import { claimCommit, peakOf } from './claim-commit.ts';
import { decideGroup, type Step } from './decide-group.ts';
import type { DenialEvents } from './denial-events.ts';
import type { KeyStanding } from './key-standing.ts';
import { keyUseWrites } from './key-use.ts';
import type { Lease } from './lease.ts';
import type { LicenseCache } from './license-cache.ts';
import type { Claim, Refuse, Renew } from './plan-step.ts';
import type { QueuePlace } from './queue-place.ts';
import type { SignedLicense, SignLicense } from './sign-license.ts';
import { readSnapshot } from './snapshot.ts';
import type { Subjects } from './subjects.ts';
import { readTerms } from './terms-snapshot.ts';
import type { UsageRecorder } from './usage-recorder.ts';
import { type QueueSweeps, writeQueue } from './write-queue.ts';

export interface AttemptContext {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sign: SignLicense;
  readonly usage: Pick<UsageRecorder, 'recordPeak' | 'recordDenials'>;
  /** Given every licence that is read, so that heartbeats need not read it again. */
  readonly licenses: Pick<LicenseCache, 'put'> | undefined;
  /** Tells subscribers of requests that found no seat. Default: nobody. */
  readonly denials?: DenialEvents | undefined;
  /** Told of every key that is read. */
  readonly keys: Pick<KeyStanding, 'learn'>;
  readonly subjects: Subjects;
  readonly sweeps: QueueSweeps;
}

/** A lease, with its signature under way. */
export interface Acquired {
  readonly kind: 'acquired';
  readonly lease: Lease;
  /** The session was created for this request; otherwise the machine had one already. */
  readonly created: boolean;
  readonly signed: Promise<SignedLicense>;
}

/** The machine waits for a seat. */
export interface Queued {
  readonly kind: 'queued';
  readonly licenseId: string;
  readonly place: QueuePlace;
}

/** @throws TypeError for a machine that waits: its licence has a queue, and it asked to */
export function seated(outcome: Acquired | Queued): Acquired {
  if (outcome.kind === 'queued') throw new TypeError('the machine waits for a seat');
  return outcome;
}

export type AcquireOutcome =
  | Acquired
  | Queued
  | { readonly kind: 'refused'; readonly fault: Fault }
  /** The request concerns another holder than was read; what has been read since tells which. */
  | { readonly kind: 'misread' };

export const MISREAD: AcquireOutcome = { kind: 'misread' };

export interface Attempt {
  /** By holder id. */
  readonly done: ReadonlyMap<string, AcquireOutcome>;
  /** Requests whose writes were not applied, or whose answer was lost. */
  readonly left: readonly AttemptedRequest[];
  /** The commit's answer was lost: it may have been applied, or may be later. */
  readonly unknown: boolean;
}

/**
 * Attempts a group of requests of one licence once: reads a snapshot, plans, and commits with the signatures beside it.
 * @param requests of different holders
 */
export async function attemptGroup(
  context: AttemptContext,
  licenseId: string,
  requests: readonly AttemptedRequest[],
): Promise<Attempt> {
  const { clock, licenses } = context;
  const snapshot = await readSnapshot(context, licenseId, requests, clock.now());
  if (snapshot.license !== undefined) licenses?.put(snapshot.license);
  for (const request of requests) context.keys.learn(request, snapshot);
  context.subjects.learn(licenseId, snapshot);

  const [gone, present] = partition(requests, ({ signal }) => signal.aborted);
  const terms = await readTerms(context.store, snapshot, present, clock.now());
  const decision = decideGroup(snapshot, terms, present, clock.now());
  const steps = [...gone.map(refuseGone), ...decision.steps];

  const denied = steps.filter((step) => step.kind === 'refuse' && isFault(step.fault, 'no_seats_available'));
  if (snapshot.license !== undefined) context.denials?.record(snapshot.license, denied.length);

  const outcomes = new Map(steps.map((step) => [step, expectedOutcome(step, licenseId, context.sign)]));
  const claiming = commitClaims(
    context,
    steps.filter((step) => step.kind === 'claim'),
  );
  const waits = steps.filter((step) => step.kind === 'wait');
  const [claimed, renewed, waiting] = await Promise.all([
    claiming,
    writeRenewals(
      context,
      steps.filter((step) => step.kind === 'renew'),
    ),
    // Tickets are written once the seats before them are taken. A group that has lost a race asks for seats again, and
    // would stand behind tickets of its own while seats are free.
    claiming.then((result) =>
      result === 'applied' ? writeQueue(context, licenseId, waits, decision.cleaning) : NOBODY,
    ),
  ]);

  const isApplied = (step: Step) => {
    switch (step.kind) {
      case 'refuse':
      case 'misread':
        return true;
      case 'claim':
        return claimed === 'applied';
      case 'renew':
        return renewed.has(step);
      case 'wait':
        return waiting.has(step);
      default:
        return step satisfies never;
    }
  };
  const done = new Map(
    [...outcomes].flatMap(([step, outcome]) => (isApplied(step) ? [[step.request.holderId, outcome] as const] : [])),
  );
  return { done, left: requests.filter(({ holderId }) => !done.has(holderId)), unknown: claimed === 'unknown' };
}

const NOBODY: ReadonlySet<Step> = new Set();

/** Starts the signature. Nobody may be waiting for it when it fails, because the commit has failed before. */
function expectedOutcome(step: Step, licenseId: string, sign: SignLicense): AcquireOutcome {
  if (step.kind === 'misread') return MISREAD;
  if (step.kind === 'refuse') return { kind: 'refused', fault: step.fault };
  if (step.kind === 'wait') return { kind: 'queued', licenseId, place: step.place };
  const signed = sign(step.lease, step.request);
  signed.catch(() => undefined);
  return { kind: 'acquired', lease: step.lease, created: step.created, signed };
}

/** All claims of the group are one commit. */
async function commitClaims(
  { store, usage, clock, random }: AttemptContext,
  claims: readonly Claim[],
): Promise<'applied' | 'failed' | 'unknown'> {
  if (claims.length === 0) return 'applied';
  try {
    const now = clock.now();
    const { writes, peak } = claimCommit(claims, now, random);
    await store.commit([...writes, ...keyUseWrites(claims, now)]);
    usage.recordPeak(peak);
    return 'applied';
  } catch (error) {
    if (!(error instanceof CommitError)) throw error;
    return error.failure === 'unknown' ? 'unknown' : 'failed';
  }
}

/** Each renewal is one write and needs no atomicity: one that fails leaves the others alone. */
async function writeRenewals(
  { store, usage, clock }: AttemptContext,
  renewals: readonly Renew[],
): Promise<ReadonlySet<Step>> {
  if (renewals.length === 0) return new Set();
  const failures = await writeEachOf(store, [
    ...renewals.map(({ write }) => write),
    ...keyUseWrites(renewals, clock.now()),
  ]);
  usage.recordPeak(peakOf(renewals));
  return new Set(renewals.filter((_, index) => failures[index] === undefined));
}

/** A call that failed as a whole failed for each of its writes. */
async function writeEachOf(
  store: DocumentStore,
  writes: readonly Write[],
): Promise<readonly (WriteFailure | undefined)[]> {
  try {
    return await store.writeEach(writes);
  } catch (error) {
    if (error instanceof CommitError) return writes.map(() => error.failure);
    throw error;
  }
}

const refuseGone = (request: AttemptedRequest): Refuse => ({ kind: 'refuse', request, fault: callerGone() });

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}
