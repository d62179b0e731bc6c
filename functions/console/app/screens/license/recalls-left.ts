import type { Usage } from '../../api/types.ts';
import { T } from '../../texts.ts';
import { localDate } from '../../ui/local-time.ts';

const text = T.holders;

/** How many recalls the customer's people have, as a sentence. */
export function recallsLeft({ max, left, next_at }: NonNullable<Usage['recalls']>): string {
  if (max === 0) return text.recallsNone;
  return left === 0 && next_at !== null ? text.recallsOver(max, localDate(next_at)) : text.recallsLeft(left, max);
}
