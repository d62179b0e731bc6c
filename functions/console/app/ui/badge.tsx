import type { ComponentChildren } from 'preact';
import { T } from '../texts.ts';
import { Time } from './time.tsx';

/** A state in a word; the colour only repeats it. */
export const Badge = ({ kind, children }: { kind: 'good' | 'warn' | 'bad' | 'plain'; children: ComponentChildren }) => (
  <span class={`badge ${kind}`}>{children}</span>
);

/** A seat that is borrowed. @param until RFC 3339 */
export const BorrowedBadge = ({ until }: { until: string }) => (
  <>
    <Badge kind="plain">{T.holders.borrowed}</Badge>
    <div class="quiet small">
      {T.holders.until} <Time at={until} style="date" />
    </div>
  </>
);
