import type { ValidLicense } from '../license/result.ts';
import type { SeatListener } from './events.ts';

export type SeatState = 'held' | 'offline' | 'lost' | 'released';

/** A seat that is kept until it is released, lost, or the program ends. */
export interface Seat {
  readonly state: SeatState;
  /** The latest one that verified. */
  readonly license: ValidLicense;
  /** Aborts when the seat is lost or released: pass it to what must not go on without. */
  readonly signal: AbortSignal;
  hasFeature(name: string): boolean;
  /** True for a feature that is listed, its value where features carry values, undefined for one that is not there. */
  feature(name: string): string | number | boolean | undefined;
  /** @returns stops listening */
  subscribe(listener: SeatListener): () => void;
  /** Gives the seat back; repeating it does nothing. Never throws: a seat that cannot be given back ends with its lease. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
