import { featureOf, hasFeature } from '../license/features.ts';
import { isBorrowed } from '../license/strict.ts';
import type { ExitHandler, Farewell, Platform } from '../platform/platform.ts';
import { acquireFirst, type FirstHold } from './acquire.ts';
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
  const read = readOptions(options);
  const starting = createStarting(read.signal);
  const context = await createContext({ ...read, signal: starting.signal }, platform);
  // From before the first request on, so that a program which is ended meanwhile gives back what it was granted.
  const goodbye = createGoodbye(context, starting.abort);
  const removeExit = read.releaseOnExit ? platform.onExit(goodbye) : () => {};
  const disconnect = () => {
    removeExit();
    starting.unfollow();
  };
  try {
    const first = await acquireFirst(context);
    goodbye.acquired(first);
    const held = renewUntilEnd(context, first);
    goodbye.holding(held);
    goodbye.settled();
    return connect(context, held, disconnect);
  } catch (error) {
    disconnect();
    goodbye.settled();
    // The program is being ended by a signal, as it would be without us: no error comes before that.
    if (goodbye.isEnding()) await new Promise(() => {});
    throw error;
  }
}

/** Aborted by the caller's signal, or when the program ends before there is a seat. */
function createStarting(signal: AbortSignal | undefined) {
  const controller = new AbortController();
  const follow = () => controller.abort(signal?.reason);
  if (signal?.aborted) follow();
  else signal?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    unfollow: () => signal?.removeEventListener('abort', follow),
  };
}

/** What a program does with a seat at its end, at whatever point of holding it that comes. */
function createGoodbye({ url, program }: SeatContext, abort: () => void) {
  let granted: string | undefined;
  let held: HeldSeat | undefined;
  let ending = false;
  let settled = () => {};
  const start = new Promise<void>((resolve) => {
    settled = resolve;
  });
  const handler: ExitHandler = {
    async release() {
      if (held === undefined) {
        ending = true;
        abort(); // a seat that is granted now is given back by who asked for it
        await start;
      }
      await held?.release();
    },
    farewell(): Farewell | undefined {
      const session = held === undefined ? granted : held.abandon();
      if (session === undefined) return undefined;
      return { url: url + PATHS.release, body: JSON.stringify(releaseBody(session, program)) };
    },
  };
  return {
    ...handler,
    acquired(first: FirstHold) {
      // A borrowed seat outlives the program.
      granted = first.kind === 'granted' && !isBorrowed(first.license) ? first.granted.sessionId : undefined;
    },
    holding(seat: HeldSeat) {
      held = seat;
    },
    settled: () => settled(),
    isEnding: () => ending,
  };
}

/** Whole ones; the server knows the least and the most. */
function readSeconds(seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds < Number.POSITIVE_INFINITY))
    throw new TypeError('seconds: give a number of seconds');
  return Math.ceil(seconds);
}

/** Ties the seat to what surrounds it: the program's end, a machine that wakes, the caller's signal. */
function connect({ options, platform, subscribe }: SeatContext, held: HeldSeat, onEnd: () => void): Seat {
  const ending = new AbortController();
  const release = () => held.release();
  const disconnect = [onEnd, platform.onWake(held.wake)];
  options.signal?.addEventListener('abort', release);
  disconnect.push(() => options.signal?.removeEventListener('abort', release));
  // A listener that was told of the seat may have aborted already.
  if (options.signal?.aborted) void release();
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
    get borrowedUntil() {
      return isBorrowed(held.license()) ? held.license().validUntil : undefined;
    },
    signal: ending.signal,
    hasFeature: (name) => hasFeature(held.license(), name),
    feature: (name) => featureOf(held.license(), name),
    subscribe,
    borrow: (seconds) => held.wish({ name: 'borrow', seconds: readSeconds(seconds) }),
    returnBorrowed: () => held.wish({ name: 'return' }),
    release,
    [Symbol.asyncDispose]: release,
  };
}
