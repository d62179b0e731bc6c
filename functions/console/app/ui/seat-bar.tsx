import { T } from '../texts.ts';

/** Seats in use of those there are; what is over capacity is hatched, not only coloured. */
export function SeatBar({ used, total }: { used: number | undefined; total: number }) {
  if (used === undefined) return <span class="num">{T.seats.total(total)}</span>;
  const width = total === 0 ? 0 : Math.min(100, (used / total) * 100);
  const state = used > total ? 'over' : used === total ? 'full' : used >= total * 0.9 ? 'near' : 'free';
  return (
    <span class={`seat-bar ${state}`}>
      <span class="num">{T.seats.usedOf(used, total)}</span>
      <span class="track" aria-hidden="true">
        <span class="fill" style={{ width: `${width}%` }} />
      </span>
    </span>
  );
}
