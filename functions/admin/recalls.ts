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
  const found = await store.query(adminQueries.recalls(id));
  const recalls = found.map(({ path, fields, updateTime }) => ({ ...recallFields.parse(fields), path, updateTime }));
  const counting = recalls.filter(({ at }) => at > now - RECALL_PERIOD);
  if (counting.length >= most) {
    const next = most === 0 ? undefined : counting.map(({ at }) => at).sort((a, b) => a - b)[counting.length - most];
    throw new Fault(
      'recall_limit_reached',
      `The tenant may recall ${most} borrowed seats of this licence in 365 days.`,
      {
        extra: {
          max_recalls: most,
          ...(next === undefined ? {} : { next_recall_at: formatTime(next + RECALL_PERIOD) }),
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
