import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#shared/model/logger.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';
import type { SendDue, Sent } from './send-due.ts';

export interface DispatchOptions {
  readonly store: Pick<DocumentReader, 'count'>;
  readonly log: Logger;
  /** What is done once a run, before everything else, by name, like `before`. */
  readonly first: Readonly<Record<string, () => Promise<void>>>;
  /**
   * What is done before deliveries are planned, by name: it may itself tell of something. One that fails is logged and
   * keeps nothing else from being done.
   */
  readonly before: Readonly<Record<string, (inTime: () => boolean) => Promise<void>>>;
  readonly planDue: (inTime: () => boolean) => Promise<void>;
  readonly sendDue: SendDue;
}

export interface Dispatched extends Sent {
  /** Deliveries that wait for another attempt. */
  readonly pending: number;
}

/** @param forSeconds of real time for which it looks again; 0: one pass */
export type Dispatch = (forSeconds: number) => Promise<Dispatched>;

/** Milliseconds between the beginnings of two passes. */
const INTERVAL = 2_000;
/** Milliseconds after which a pass begins no other attempt. One that was begun may take 15 s more. */
const LONGEST_PASS = 30_000;

/** Everything that is due, once or again and again. The scheduler calls it each minute, for most of the minute. */
export function createDispatch({ store, log, first, before, planDue, sendDue }: DispatchOptions): Dispatch {
  return async (forSeconds) => {
    const startedAt = performance.now();
    const end = startedAt + forSeconds * 1000;
    const counts = { sent: 0, failed: 0 };
    for (const [name, work] of Object.entries(first)) await work().catch(failed(name));
    for (;;) {
      const passAt = performance.now();
      const stopAt = forSeconds === 0 ? passAt + LONGEST_PASS : end;
      const { sent, failed } = await pass(() => performance.now() < stopAt);
      counts.sent += sent;
      counts.failed += failed;
      const next = passAt + INTERVAL;
      if (next >= end) break;
      await sleep(Math.max(0, next - performance.now()));
    }
    return { ...counts, pending: await store.count(webhookQueries.pendingDeliveries()) };
  };

  async function pass(inTime: () => boolean): Promise<Sent> {
    for (const [name, work] of Object.entries(before)) {
      await work(inTime).catch(failed(name));
    }
    await planDue(inTime);
    return sendDue(inTime);
  }

  function failed(work: string) {
    return (error: unknown): void => log.log('WARNING', 'webhook_work_failed', { work, error });
  }
}
