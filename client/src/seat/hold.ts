import { featureOf, hasFeature } from '../license/features.ts';
import type { Platform } from '../platform/platform.ts';
import { acquireFirst } from './acquire.ts';
import { PATHS, releaseBody } from './api.ts';
import { createContext, type SeatContext } from './context.ts';
import { type HoldOptions, readOptions } from './options.ts';
import { type HeldSeat, renewUntilEnd } from './renew-until-end.ts';
import type { Seat } from './seat.ts';

/**
 * Acquires a seat, then renews it until the end.
 * @throws TypeError for options that cannot be meant; SeatError, by its `code`, when there is no seat
 */
export async function holdSeatOn(platform: Platform, options: HoldOptions): Promise<Seat> {
  const context = await createContext(readOptions(options), platform);
  const first = await acquireFirst(context);
  const held = renewUntilEnd(context, first);
  return connect(context, held);
}

/** Ties the seat to what surrounds it: the program's end, a machine that wakes, the caller's signal. */
function connect({ options, platform, subscribe, url, program }: SeatContext, held: HeldSeat): Seat {
  const ending = new AbortController();
  const release = () => held.release();
  const disconnect = [platform.onWake(held.wake)];
  if (options.releaseOnExit) {
    const farewell = () => {
      const session = held.abandon();
      if (session === undefined) return undefined;
      return { url: url + PATHS.release, body: JSON.stringify(releaseBody(session, program)) };
    };
    disconnect.push(platform.onExit({ release, farewell }));
  }
  options.signal?.addEventListener('abort', release);
  disconnect.push(() => options.signal?.removeEventListener('abort', release));
  void held.ended.then(() => {
    for (const step of disconnect) step();
    ending.abort();
  });

  return {
    get state() {
      return held.state();
    },
    get license() {
      return held.license();
    },
    signal: ending.signal,
    hasFeature: (name) => hasFeature(held.license(), name),
    feature: (name) => featureOf(held.license(), name),
    subscribe,
    release,
    [Symbol.asyncDispose]: release,
  };
}
