import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeLicense } from '#shared/licenses/describe-license.ts';
import { idsFrom } from '#shared/model/audit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { EVENT_RETENTION, eventDocument, eventPath, eventShard } from '#shared/model/event.ts';
import type { License } from '#shared/model/license.ts';
import { CommitError, type DocumentWriter, type Write } from '#shared/store/store.ts';

export interface DenialEventsOptions {
  readonly store: Pick<DocumentWriter, 'writeEach'>;
  readonly clock: Clock;
}

/** Tells of requests that found no seat, gathered: one event a minute and licence, with their number. */
export interface DenialEvents {
  /** Does nothing without a subscriber. Nobody waits for what it writes, and a count that cannot be written is lost. */
  record(license: License, count: number): void;
  /** Writes what is pending, when the instance ends. */
  close(): Promise<void>;
}

const MINUTE = 60_000;
/** Milliseconds of real time between two writes of an instance. */
const INTERVAL = 1_000;
const MAX_WRITES = 200;

interface Gathered {
  readonly license: License;
  /** The end of the minute; the event is due then. */
  readonly until: number;
  readonly count: number;
}

export function createDenialEvents({ store, clock }: DenialEventsOptions): DenialEvents {
  const pending = new Map<string, Gathered>();
  const inFlight = new Set<Promise<void>>();
  let quietUntil = Number.NEGATIVE_INFINITY;
  let isWaiting = false;

  function writeWhenDue(): void {
    const wait = quietUntil - performance.now();
    if (wait <= 0) void write();
    else if (!isWaiting) {
      isWaiting = true;
      void sleep(wait, undefined, { ref: false }).then(() => {
        isWaiting = false;
        return write();
      });
    }
  }

  async function write(): Promise<void> {
    const gathered = [...pending.values()].slice(0, MAX_WRITES);
    if (gathered.length === 0) return;
    pending.clear();
    quietUntil = performance.now() + INTERVAL;
    const written = store
      .writeEach(gathered.map(toWrite))
      .then(() => undefined)
      .catch((error: unknown) => {
        if (!(error instanceof CommitError)) throw error;
      })
      .finally(() => inFlight.delete(written));
    inFlight.add(written);
    await written;
  }

  return {
    record(license, count) {
      if (count === 0 || !license.announces.includes('seats')) return;
      const until = (Math.floor(clock.now() / MINUTE) + 1) * MINUTE;
      const key = `${license.id} ${until}`;
      pending.set(key, { license, until, count: (pending.get(key)?.count ?? 0) + count });
      writeWhenDue();
    },
    async close() {
      await write();
      await Promise.all(inFlight);
    },
  };
}

/** Every instance adds to the one event of the minute, whose id follows from licence and minute. */
function toWrite({ license, until, count }: Gathered): Write {
  const digest = createHash('sha256').update(`${license.id} ${until}`).digest('hex').slice(0, 24);
  const id = `${idsFrom(until)}-${digest}`;
  return {
    op: 'merge',
    path: eventPath(id),
    fields: eventDocument({
      type: 'seat.denied',
      tenant_id: license.tenant_id,
      license_id: license.id,
      at: until,
      data: describeLicense(license),
      subject: null,
      shard: eventShard(id),
      due: until,
    }),
    increment: { count },
    deleteAfter: until + EVENT_RETENTION,
  };
}
