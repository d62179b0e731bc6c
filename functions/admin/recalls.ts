import * as z from 'zod';
import { formatTime } from '#shared/license-format/time.ts';
import { Fault } from '#shared/model/errors.ts';
import type { License } from '#shared/model/license.ts';
import type { DocumentReader, Write } from '#shared/store/store.ts';
import { adminPaths } from './paths.ts';
import { adminQueries } from './queries.ts';

/** Milliseconds for which a recall counts. */
const RECALL_PERIOD = 365 * 24 * 3600 * 1000;

/** `licenses/{id}/recalls/{number}`: a recall by the tenant's own people; each takes a number below `max_recalls`. */
const recallFields = z.object({ number: z.number().int(), at: z.number().int() });

export interface RecallsLeft {
  /** Of 365 days. */
  readonly max: number;
  readonly left: number;
  /** When there is one more, while none is left; undefined when there never is one. Milliseconds. */
  readonly nextAt: number | undefined;
}

/** How many recalls the tenant's people have; null where seats cannot be borrowed. */
export async function countRecalls(
  store: Pick<DocumentReader, 'query'>,
  { id, borrow }: License,
  now: number,
): Promise<RecallsLeft | null> {
  if (borrow === null) return null;
  const max = borrow.max_recalls;
  const counting = max === 0 ? [] : (await readRecalls(store, id)).filter(({ at }) => isCounting(at, now));
  return { max, left: Math.max(0, max - counting.length), nextAt: nextRecall(counting, max) };
}

/**
 * The write that takes one of the recalls that a tenant's people have in 365 days. Two at once that take the same one
 * fail one another, so there are never more.
 * @throws Fault `recall_limit_reached`, with the time of the next one if there will be any
 */
export async function takeRecall(
  store: Pick<DocumentReader, 'query'>,
  { id, borrow }: License,
  now: number,
): Promise<Write> {
  const most = borrow?.max_recalls ?? 0;
  const recalls = await readRecalls(store, id);
  const counting = recalls.filter(({ at }) => isCounting(at, now));
  if (counting.length >= most) {
    const next = nextRecall(counting, most);
    throw new Fault(
      'recall_limit_reached',
      `The tenant may recall ${most} borrowed seats of this licence in 365 days.`,
      {
        extra: {
          max_recalls: most,
          ...(next === undefined ? {} : { next_recall_at: formatTime(next) }),
        },
      },
    );
  }
  const taken = new Set(counting.map(({ number }) => number));
  const number = Array.from({ length: most }, (_, index) => index).find((index) => !taken.has(index)) ?? 0;
  const old = recalls.find((recall) => recall.number === number);
  const path = adminPaths.recall(id, number);
  return old === undefined
    ? { op: 'create', path, fields: { number, at: now } }
    : { op: 'update', path, fields: { at: now }, lastUpdateTime: old.updateTime };
}

async function readRecalls(store: Pick<DocumentReader, 'query'>, licenseId: string) {
  const found = await store.query(adminQueries.recalls(licenseId));
  return found.map(({ path, fields, updateTime }) => ({ ...recallFields.parse(fields), path, updateTime }));
}

const isCounting = (at: number, now: number): boolean => at > now - RECALL_PERIOD;

/** When enough recalls have ceased to count for another one; undefined while one is left, and where there never is one. */
function nextRecall(counting: readonly { readonly at: number }[], most: number): number | undefined {
  if (most === 0 || counting.length < most) return undefined;
  const at = counting.map((recall) => recall.at).sort((a, b) => a - b)[counting.length - most];
  return at === undefined ? undefined : at + RECALL_PERIOD;
}
