import { Fault } from '#shared/model/errors.ts';
import type { License } from '#shared/model/license.ts';
import { dayOf } from '#shared/model/usage.ts';
import { countMachine } from '#shared/seats/machine-days.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import type { DocumentReader, Write } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import type { SeatSnapshot } from './snapshot.ts';

/** The machines that have taken a seat of a licence today, as far as a group of requests is decided by it. */
export interface MachinesOfDay {
  readonly day: string;
  /** Those of this group's machines that are counted already, by the hash of licence and hardware id. */
  readonly counted: ReadonlySet<string>;
  /** Slots of the day that are taken. */
  readonly taken: number;
}

/**
 * One read and one count, side by side, for requests of machines without a session.
 * @returns undefined where they need not be counted
 */
export async function readMachines(
  store: DocumentReader,
  { license, holders }: SeatSnapshot,
  requests: readonly AttemptedRequest[],
  now: number,
): Promise<MachinesOfDay | undefined> {
  if (license === undefined || license.machines_per_day === null) return undefined;
  const day = dayOf(now);
  const machines = new Set(requests.filter(({ holderId }) => !holders.has(holderId)).map(({ machine }) => machine));
  if (machines.size === 0) return undefined;
  const [documents, taken] = await Promise.all([
    store.get([...machines].map((machine) => paths.machineOfDay(license.id, day, machine))),
    store.count(queries.machineSlotsOf(license.id, day)),
  ]);
  return { day, counted: new Set([...machines].filter((_, index) => documents[index] !== undefined)), taken };
}

/** Counts the machines of a group against the day's limit. */
export interface MachineCounter {
  /** Whether a machine may take a seat today; asked once for each that would take one. */
  admits(request: AttemptedRequest): boolean;
  /** What a machine's claim writes beside its seat. */
  writesFor(request: AttemptedRequest): Write[];
}

/** Slots are given in order and only to claims, which are one commit, so that the count of slots is the next one's number. */
export function createMachineCounter(
  license: License,
  { day, counted, taken }: MachinesOfDay,
  now: number,
): MachineCounter {
  const most = license.machines_per_day ?? Number.POSITIVE_INFINITY;
  const admitted = new Set<string>();
  const claimed = new Set<string>();
  return {
    admits({ machine }) {
      if (counted.has(machine) || admitted.has(machine)) return true;
      if (taken + admitted.size >= most) return false;
      admitted.add(machine);
      return true;
    },
    writesFor({ machine }) {
      // A machine that goes on with a seat was counted when it took it.
      if (!admitted.has(machine) || claimed.has(machine)) return [];
      claimed.add(machine);
      return countMachine(license.id, { day, machine, slot: taken + claimed.size - 1 }, now);
    },
  };
}

export const machineLimitReached = ({ machines_per_day }: License): Fault =>
  new Fault('machine_limit_reached', 'Other machines have used the licence today; the day (UTC) ends at midnight.', {
    extra: { machines_per_day: machines_per_day ?? 0 },
  });
