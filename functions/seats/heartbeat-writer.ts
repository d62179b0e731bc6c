import { setTimeout as sleep } from 'node:timers/promises';
import { renew } from '#shared/seats/lease-commits.ts';
import { CommitError, type DocumentStore, type Write, type WriteFailure } from '#shared/store/store.ts';

/** One session's lease, to be prolonged. Times are milliseconds since the epoch. */
export interface HeartbeatRequest {
  readonly licenseId: string;
  readonly handle: string;
  readonly now: number;
  readonly expiresAt: number;
  /** Which of the machine's programs it came from. */
  readonly program?: string | undefined;
  /** The latest end of a copy that is signed with it; undefined when none is. */
  readonly copyUntil?: number | undefined;
  /** Told the end of the lease as the document has it now: later than `expiresAt` for a borrowed seat. */
  readonly onLeaseEnd?: (expiresAt: number) => void;
}

/** Milliseconds after which a write counts as hanging; Firestore needs 5 to 50. */
const HANGING = 400;
/** Hanging groups that the next ones do not wait for. With more of them the store itself is in trouble. */
const MAX_LEFT_BEHIND = 4;

type Failure = WriteFailure | undefined;
type WriteHeartbeats = (
  key: string,
  requests: readonly HeartbeatRequest[],
) => Promise<readonly (Failure | Promise<Failure>)[]>;

/**
 * Writes groups of heartbeats of all tenants, one RPC each. One document that Firestore does not get to hangs the whole
 * RPC, and with it everybody in the group and behind it. So a group that hangs is left behind, and its heartbeats are
 * sent once more, a licence at a time: those of the document that hangs wait for it, the others do not. A heartbeat that
 * is written twice does no harm.
 */
export function createHeartbeatWriter(
  store: Pick<DocumentStore, 'writeEach'>,
  pause: (milliseconds: number) => Promise<unknown> = (milliseconds) => sleep(milliseconds, undefined, { ref: false }),
): WriteHeartbeats {
  let leftBehind = 0;

  async function write(requests: readonly HeartbeatRequest[]): Promise<readonly Failure[]> {
    const { writes, writeOf, requestsOf } = planHeartbeats(requests);
    const tell = (index: number, { expires_at }: Readonly<Record<string, number>>) => {
      if (expires_at !== undefined) for (const request of requestsOf[index] ?? []) request.onLeaseEnd?.(expires_at);
    };
    const failures = await store.writeEach(writes, tell).catch((error) => {
      if (error instanceof CommitError) return writes.map(() => error.failure);
      throw error;
    });
    return writeOf.map((index) => failures[index]);
  }

  return async (_key, requests) => {
    const written = write(requests);
    const hangs = Symbol('hangs');
    const first = await Promise.race([written, pause(HANGING).then(() => hangs)]);
    if (first !== hangs || leftBehind >= MAX_LEFT_BEHIND) return written;
    leftBehind += 1;
    const behind = written.finally(() => {
      leftBehind -= 1;
    });
    const again = new Map(
      [...Map.groupBy(requests, ({ licenseId }) => licenseId)].map(([licenseId, ofLicense]) => [
        licenseId,
        { ofLicense, failures: write(ofLicense) },
      ]),
    );
    return requests.map((request, index) => {
      const resent = again.get(request.licenseId);
      const own = resent?.ofLicense.indexOf(request) ?? -1;
      return firstKnown([
        behind.then((all) => all[index]),
        ...(resent ? [resent.failures.then((all) => all[own])] : []),
      ]);
    });
  };
}

/** The first answer that says what became of the write; `unknown` when none does. */
async function firstKnown(answers: readonly Promise<Failure>[]): Promise<Failure> {
  const known = answers.map(async (answer) => {
    const failure = await answer;
    if (failure === 'unknown') throw new CommitError('unknown', undefined);
    return failure;
  });
  return Promise.any(known).catch((): Failure => 'unknown');
}

/** The writes of a group, and which of them serves which request. */
interface HeartbeatPlan {
  readonly writes: Write[];
  /** For each request, in order, the index of the write that serves it. */
  readonly writeOf: number[];
  /** For each write, in order, the requests that it serves. */
  readonly requestsOf: readonly (readonly HeartbeatRequest[])[];
}

/** The writes of a group: one for each session, with the latest of the lease ends that its heartbeats are answered. */
export function planHeartbeats(requests: readonly HeartbeatRequest[]): HeartbeatPlan {
  const indexOf = new Map<string, number>();
  const requestsOf: HeartbeatRequest[][] = [];
  const writeOf = requests.map((request) => {
    const index = indexOf.get(request.handle) ?? requestsOf.length;
    if (index === requestsOf.length) {
      indexOf.set(request.handle, index);
      requestsOf.push([request]);
    } else requestsOf[index]?.push(request);
    return index;
  });
  return { writes: requestsOf.map(writeFor), writeOf, requestsOf };
}

function writeFor(together: readonly HeartbeatRequest[]): Write {
  const { handle, now, expiresAt } = together.reduce((a, b) => (b.expiresAt >= a.expiresAt ? b : a));
  const copyUntil = together.reduce<number | undefined>(
    (latest, request) => (request.copyUntil === undefined ? latest : Math.max(latest ?? 0, request.copyUntil)),
    undefined,
  );
  const programs = new Set<string>();
  for (const { program } of together) if (program !== undefined) programs.add(program);
  return renew(handle, { now, expiresAt, programs, ...(copyUntil === undefined ? undefined : { copyUntil }) });
}
