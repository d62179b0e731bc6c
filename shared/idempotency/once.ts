import type { Write } from '../store/store.ts';

/**
 * A request with an Idempotency-Key. Its record is part of the commit that the request makes, with the answer in it, so
 * that act, record and answer exist together or not at all: no request can be "in progress".
 */
export interface Once<T> {
  /**
   * Called before every attempt to commit. @throws Replay when the act is done already, Fault `idempotency_conflict` when
   * the key belongs to another request
   */
  check(): Promise<void>;
  /** The write that goes into the act's commit. */
  record(result: T): Write;
}
