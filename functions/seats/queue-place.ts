import type { TicketFields } from '#shared/model/ticket.ts';

/** Where a waiting machine stands, as it is answered. */
export interface QueuePlace {
  readonly ticketId: string;
  /** From 1 on; one more than `EXACT_POSITIONS` for all behind those. */
  readonly position: number;
  readonly isExact: boolean;
  readonly queueLength: number;
  readonly pollAfterSeconds: number;
  /** Milliseconds since the epoch. */
  readonly waitUntil: number;
}

/** Positions up to this one are exact. */
const EXACT_POSITIONS = 100;
const MAX_POLL_SECONDS = 30;
/** A ticket outlives this many polls that are due, and this many seconds in any case. */
const POLLS_PER_LIFE = 3;
const MIN_LIFE_SECONDS = 10;

/** @param position undefined when it is not known: further back than what was read */
export function placeAt(position: number | undefined): Pick<QueuePlace, 'position' | 'isExact' | 'pollAfterSeconds'> {
  const isExact = position !== undefined && position <= EXACT_POSITIONS;
  const shown = isExact ? position : EXACT_POSITIONS + 1;
  return { position: shown, isExact, pollAfterSeconds: Math.min(MAX_POLL_SECONDS, 1 + shown) };
}

/** Until when a ticket lives that was polled now. @returns milliseconds since the epoch */
export const polledUntil = ({ pollAfterSeconds }: Pick<QueuePlace, 'pollAfterSeconds'>, now: number): number =>
  now + Math.max(MIN_LIFE_SECONDS, POLLS_PER_LIFE * pollAfterSeconds) * 1000;

/** Whose tickets come before which. */
export const isAhead = (a: Pick<TicketFields, 'rank'> & { readonly holder: string }, b: typeof a): boolean =>
  a.rank < b.rank || (a.rank === b.rank && a.holder < b.holder);
