import type { SeatClaims } from '../license/claims.ts';
import type { ValidLicense } from '../license/result.ts';
import type { SeatListener } from './events.ts';

export type SeatState = 'held' | 'offline' | 'lost' | 'released';

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
  /** Gives the seat back; repeating it does nothing. Never throws: a seat that cannot be given back ends with its lease. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
