import type { Write } from '../store/store.ts';
import { paths } from './paths.ts';

/** Milliseconds for which a day's machines are kept: longer than the day lasts anywhere. */
const RETENTION = 3 * 24 * 3600 * 1000;

/** The slot of a day that a machine takes. */
export interface MachineSlot {
  /** UTC, like `2026-11-23`. */
  readonly day: string;
  /** The hash of licence and hardware id. */
  readonly machine: string;
  /** From 0 to the licence's `machines_per_day` - 1. */
  readonly slot: number;
}

/**
 * Counts a machine that takes its first seat of a day, as part of the commit that takes the seat. Each slot is a document
 * that must not exist, so that no more machines are counted than there are slots, however many ask at once.
 * @param now milliseconds since the epoch
 */
export const countMachine = (licenseId: string, { day, machine, slot }: MachineSlot, now: number): Write[] => [
  {
    op: 'create',
    path: paths.machineSlot(licenseId, day, slot),
    fields: { day, machine },
    deleteAfter: now + RETENTION,
  },
  {
    op: 'create',
    path: paths.machineOfDay(licenseId, day, machine),
    fields: { slot },
    deleteAfter: now + RETENTION,
  },
];
