import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import { expiredBefore, readSession, type Session, SHARDS } from '#shared/model/session.ts';
import { reap } from '#shared/seats/commits.ts';
import { queries } from '#shared/seats/queries.ts';
import type { Settle } from '#shared/seats/settle.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';

export interface ReapOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly settle: Settle;
  /** Milliseconds of real time after which nothing new is begun. */
  readonly budget: number;
}

export interface Reaped {
  readonly ended: number;
  readonly scanned: number;
  readonly remaining: number;
  readonly settled: number;
}

const PAGE = 100;
/** Shards that are worked on at once, and commits under way for each of them. */
const PARALLEL_SHARDS = 4;
const PARALLEL_COMMITS = 8;
const MAX_LICENSES = 100;

/**
 * Ends every session whose lease is over, each in one commit that a heartbeat in between defeats. Nothing else
 * depends on it: acquire takes an expired session over by itself. It also finishes changes of seats that a crash
 * left half done.
 */
export function createReap({ store, clock, random, settle, budget }: ReapOptions) {
  return async (): Promise<Reaped> => {
    const stopAt = performance.now() + budget;
    const inTime = () => performance.now() < stopAt;
    const before = expiredBefore(clock.now());
    const tally = { ended: 0, scanned: 0 };

    const end = async (session: Session): Promise<void> => {
      try {
        await store.commit(reap(session, clock.now(), random));
        tally.ended += 1;
      } catch (error) {
        // It has beaten, or somebody else has ended it; and what nobody knows the end of, the next run will see.
        if (!(error instanceof CommitError)) throw error;
      }
    };

    const reapShard = async (shard: number): Promise<void> => {
      let after: readonly [number, string] | undefined;
      while (inTime()) {
        const page = await store.query(queries.expiredInShard(shard, before, PAGE, after));
        const sessions = page.map(readSession);
        tally.scanned += sessions.length;
        await inParallel(sessions, PARALLEL_COMMITS, (session) => (inTime() ? end(session) : Promise.resolve()));
        const [last, document] = [sessions.at(-1), page.at(-1)];
        if (last === undefined || document === undefined || page.length < PAGE) return;
        after = [last.expires_at, document.path];
      }
    };

    const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
    await inParallel(shards, PARALLEL_SHARDS, reapShard);
    const settled = await settleLicenses(inTime);
    return { ...tally, remaining: inTime() ? 0 : await countExpired(shards, before), settled };
  };

  async function settleLicenses(inTime: () => boolean): Promise<number> {
    let settled = 0;
    for (const { id } of inTime() ? await store.query(queries.unsettledLicenses(MAX_LICENSES)) : []) {
      if (!inTime()) break;
      try {
        await settle(id);
        settled += 1;
      } catch (error) {
        if (!isFault(error, 'dependency_unavailable')) throw error;
      }
    }
    return settled;
  }

  async function countExpired(shards: readonly number[], before: number): Promise<number> {
    const counts = await Promise.all(shards.map((shard) => store.count(queries.expiredInShard(shard, before, 1))));
    return counts.reduce((sum, count) => sum + count, 0);
  }
}

/** Works on the items in order, so many at a time. */
async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
