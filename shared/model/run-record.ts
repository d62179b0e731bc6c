import * as z from 'zod';
import type { Document, Write } from '../store/store.ts';

/** `runs/session-reaper`: what the reaper's latest run did, for whoever looks after the suite. */
const reaperRun = z.object({
  /** Milliseconds since the epoch. */
  ran_at: z.number(),
  ended: z.number(),
  /** Expired sessions that the run had no time for. */
  remaining: z.number(),
});

export type ReaperRun = z.output<typeof reaperRun>;

export const REAPER_RUN = 'runs/session-reaper';

export const recordReaperRun = (fields: ReaperRun): Write => ({ op: 'set', path: REAPER_RUN, fields });

export const readReaperRun = ({ fields }: Document): ReaperRun => reaperRun.parse(fields);
