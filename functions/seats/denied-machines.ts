import { LRUCache } from 'lru-cache';
import type { Clock } from '#shared/model/clock.ts';
import { DENIAL_RETENTION, denialPath, hourOf } from '#shared/model/denial-record.ts';
import type { Write } from '#shared/store/store.ts';
import type { ClientDetails } from './acquire-request.ts';
import { clientFields } from './client-fields.ts';

/** Who was refused. */
export interface DeniedMachine {
  /** The hash of licence and hardware id. */
  readonly machine: string;
  readonly client: ClientDetails;
}

/**
 * Gathers in memory who was refused, by licence, hour and reason, for the administrators who are asked "why did it not
 * start?". The usage recorder writes it along with its counts, so it costs no request anything.
 */
export interface DeniedMachines {
  record(licenseId: string, reason: string, denied: DeniedMachine): void;
  /** Whether something is not written yet. */
  isPending(): boolean;
  /** The writes that are due, of which nothing is pending afterwards. @param all those that are not due, too */
  take(all: boolean): DeniedWrite[];
}

export interface DeniedWrite {
  readonly write: Write;
  /** To be called when the write failed: the next one says again who it was. */
  failed(): void;
}

/** Milliseconds between two writes about one machine: a program that asks each second costs a write a minute. */
const INTERVAL = 60_000;
/** Machines of one licence whose names are kept in an hour by an instance; the others are counted only. */
const MAX_MACHINES = 50;
/** Licences that an instance knows to have refused somebody; with MAX_MACHINES about 4 MB. */
const MAX_LICENSES = 100;
const MAX_PENDING = 2_000;

interface Entry {
  readonly licenseId: string;
  readonly hour: number;
  readonly reason: string;
  denied: DeniedMachine;
  /** What was written last of who it was. */
  written: ClientDetails | undefined;
  count: number;
  lastAt: number;
  writtenAt: number;
}

interface LicenseHour {
  readonly hour: number;
  readonly entries: Map<string, Entry>;
}

export function createDeniedMachines(clock: Clock): DeniedMachines {
  const licenses = new LRUCache<string, LicenseHour>({ max: MAX_LICENSES });
  const pending = new Set<Entry>();

  function entriesOf(licenseId: string, hour: number): Map<string, Entry> {
    const found = licenses.get(licenseId);
    if (found?.hour === hour) return found.entries;
    const entries = new Map<string, Entry>();
    licenses.set(licenseId, { hour, entries });
    return entries;
  }

  return {
    record(licenseId, reason, denied) {
      const now = clock.now();
      const hour = hourOf(now);
      const entries = entriesOf(licenseId, hour);
      const name = `${denied.machine} ${reason}`;
      const entry = entries.get(name) ?? {
        licenseId,
        hour,
        reason,
        denied,
        written: undefined,
        count: 0,
        lastAt: now,
        writtenAt: -INTERVAL,
      };
      const isKnown = entries.has(name);
      if (!isKnown && entries.size >= MAX_MACHINES) return;
      if (!pending.has(entry) && pending.size >= MAX_PENDING) return;
      entries.set(name, entry);
      pending.add(entry);
      entry.denied = denied;
      entry.count += 1;
      entry.lastAt = now;
    },
    isPending: () => pending.size > 0,
    take(all) {
      const now = clock.now();
      const due = [...pending].filter(
        ({ writtenAt, hour }) => all || Math.abs(now - writtenAt) >= INTERVAL || hour !== hourOf(now),
      );
      return due.map((entry) => {
        const write = toWrite(entry);
        pending.delete(entry);
        entry.writtenAt = now;
        entry.written = entry.denied.client;
        entry.count = 0;
        const failed = () => {
          entry.written = undefined;
        };
        return { write, failed };
      });
    },
  };
}

/** Says who it was once, and again only when that has changed: what was erased meanwhile does not come back. */
function toWrite({ licenseId, hour, reason, denied: { machine, client }, written, count, lastAt }: Entry): Write {
  return {
    op: 'merge',
    path: denialPath(licenseId, hour, machine, reason),
    fields: {
      ...{ license_id: licenseId, hour, reason, machine },
      ...(isSame(client, written) ? {} : clientFields(client)),
    },
    maximum: { last_at: lastAt },
    increment: { count },
    deleteAfter: hour + DENIAL_RETENTION,
  };
}

const isSame = (client: ClientDetails, written: ClientDetails | undefined): boolean =>
  client.user_email === written?.user_email &&
  client.hostname === written.hostname &&
  client.platform === written.platform &&
  client.client_version === written.client_version;
