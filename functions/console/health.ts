import * as z from 'zod';
import { readStatements } from '#shared/keys/store.ts';
import type { Clock } from '#shared/model/clock.ts';
import { REAPER_RUN, type ReaperRun, readReaperRun } from '#shared/model/run-record.ts';
import { type BudgetSubject, budgetWindow } from '#shared/signing/budget.ts';
import type { DocumentReader } from '#shared/store/store.ts';

export interface HealthOptions {
  readonly store: Pick<DocumentReader, 'get'>;
  /** The keys' own database. */
  readonly keys: Pick<DocumentReader, 'get'>;
  readonly clock: Clock;
  /** Undefined where KMS has no budget. */
  readonly budget: BudgetSubject | undefined;
  /** Where the logs are; undefined for a local suite. */
  readonly cloudProject: string | undefined;
}

/** Milliseconds after which a run is missing: five of the reaper's minutes, a day and two hours of the rotation. */
const REAPER_LATE = 5 * 60_000;
const KEY_LIST_LATE = 26 * 3_600_000;

/** Of the list as it is stored; whether it is authentic is for those who use it. */
const storedList = z.object({
  list: z.object({ sequence: z.number(), issued_at: z.iso.datetime(), expires_at: z.iso.datetime() }),
});
const leased = z.object({ leased: z.number() });

export interface Health {
  readonly now: number;
  readonly reaper: (ReaperRun & { readonly late: boolean }) | null;
  readonly keyList: (z.output<typeof storedList>['list'] & { readonly late: boolean }) | null;
  readonly signatures: {
    readonly perMinute: number;
    readonly windowSeconds: number;
    readonly available: number;
    readonly taken: number;
  } | null;
  readonly cloudProject: string | null;
}

/** What the suite can know of itself: three documents, read anew each time. */
export function createHealth({ store, keys, clock, budget, cloudProject }: HealthOptions): () => Promise<Health> {
  return async () => {
    const now = clock.now();
    const window = budget && budgetWindow(budget, now);
    const [[run, spent], { list }] = await Promise.all([
      store.get([REAPER_RUN, ...(window === undefined ? [] : [window.path])]),
      readStatements(keys),
    ]);
    const reaper = run && readReaperRun(run);
    const stored = storedList.safeParse(list).data?.list;
    return {
      now,
      reaper: reaper === undefined ? null : { ...reaper, late: now - reaper.ran_at > REAPER_LATE },
      keyList: stored === undefined ? null : { ...stored, late: now - Date.parse(stored.issued_at) > KEY_LIST_LATE },
      signatures:
        budget === undefined || window === undefined
          ? null
          : {
              perMinute: budget.perMinute,
              windowSeconds: window.seconds,
              available: window.budget,
              taken: Math.min(window.budget, leased.safeParse(spent?.fields).data?.leased ?? 0),
            },
      cloudProject: cloudProject ?? null,
    };
  };
}
