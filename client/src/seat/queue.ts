import type { VerifiedAcquire } from './acquire-and-verify.ts';
import type { Queued } from './api.ts';
import type { SeatContext } from './context.ts';

/** The longest that a place is kept, in seconds. */
const LONGEST_WAIT = 86_400;

/** The place in the queue of a licence whose seats are all in use, while there is one. */
export function createQueue({ options, api, emit }: Pick<SeatContext, 'options' | 'api' | 'emit'>) {
  const seconds = Math.min(LONGEST_WAIT, Math.ceil(options.wait / 1000));
  let place: Queued | undefined;

  /** Told when it changes. */
  function tell({ position, positionExact, queueLength, pollAfter, waitUntil, estimatedWait }: Queued): void {
    if (place?.position === position && place.queueLength === queueLength) return;
    emit({ type: 'queued', position, positionExact, queueLength, pollAfter, waitUntil, estimatedWait });
  }

  return {
    /** For how long a place is wanted; undefined where nobody waits. */
    maxWaitSeconds: seconds > 0 ? seconds : undefined,
    /** Without an answer the place may still be there. */
    answered(answer: VerifiedAcquire): void {
      if (answer.kind === 'queued') tell(answer);
      if (answer.kind !== 'unavailable') place = answer.kind === 'queued' ? answer : undefined;
    },
    /** Gives the place up, if there is one: nobody waits behind somebody who has gone. */
    async leave(): Promise<void> {
      if (place !== undefined) await api.leaveQueue(place.ticketId);
    },
  };
}
