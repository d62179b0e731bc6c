import type { SeatClaims } from '../license/claims.ts';
import type { ValidLicense } from '../license/result.ts';
import type { SeatListener } from './events.ts';

export type SeatState = 'held' | 'offline' | 'borrowed' | 'lost' | 'released';

/**
 * A seat that is kept until it is released, lost, or the program ends.
 * @typeParam Feature names of the features that the program asks for
 */
export interface Seat<Feature extends string = string> {
  readonly state: SeatState;
  /** The latest one that verified. */
  readonly license: ValidLicense<SeatClaims>;
  /** Aborts when the seat is lost or released: pass it to what must not go on without. */
  readonly signal: AbortSignal;
  hasFeature(name: Feature): boolean;
  /** True for a feature that is listed, its value where features carry values, undefined for one that is not there. */
  feature(name: Feature): string | number | boolean | undefined;
  /** @returns stops listening */
  subscribe(listener: SeatListener): () => void;
  /** Until when the seat is borrowed, in milliseconds since the epoch; undefined for one that is not. */
  readonly borrowedUntil: number | undefined;
  /**
   * Borrows the seat: then it is this machine's until `borrowedUntil`, works without the server, and outlives the program.
   * Borrowing a borrowed seat again makes it longer, never shorter.
   * @param seconds an hour at least; default: as many as the licence allows
   * @throws SeatError, by its `code`, when that cannot be; the seat is held on as before
   */
  borrow(seconds?: number): Promise<void>;
  /**
   * Gives a borrowed seat back before its time, for every program of this machine.
   * @throws SeatError, by its `code`, when that cannot be; the seat stays borrowed
   */
  returnBorrowed(): Promise<void>;
  /**
   * Gives the seat back, except a borrowed one, which is kept for the next start; repeating it does nothing. Never throws:
   * a seat that cannot be given back ends with its lease.
   */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
