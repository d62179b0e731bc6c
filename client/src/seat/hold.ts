import { featureOf, hasFeature } from '../license/features.ts';
import type { ValidLicense } from '../license/result.ts';
import type { Farewell, Platform } from '../platform/platform.ts';
import { acquireFirst } from './acquire.ts';
import { createContext, type SeatContext } from './context.ts';
import type { SeatListener } from './events.ts';
import { checkOptions, type HoldOptions } from './options.ts';
import { type Renewer, type SeatState, startRenewer } from './renewer.ts';

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

const RELEASE_ATTEMPTS = 3;
const RELEASE_PAUSE = 500;

/**
 * Takes a seat and keeps it.
 * @throws TypeError for options that cannot be meant; SeatError, by its `code`, when there is no seat
 */
export async function holdSeatOn(platform: Platform, options: HoldOptions): Promise<Seat> {
  checkOptions(options);
  const context = await createContext(options, platform);
  const first = await acquireFirst(context);
  return seatOf(context, (onLost) => startRenewer(context, first, onLost));
}

function seatOf(context: SeatContext, keep: (onLost: () => void) => Renewer): Seat {
  const { options, platform } = context;
  const ending = new AbortController();
  const undo: (() => void)[] = [];
  let released: Promise<void> | undefined;
  const renewer = keep(finish);

  function finish(): void {
    for (const step of undo.splice(0)) step();
    ending.abort();
  }

  async function giveBack(): Promise<void> {
    if (renewer.state() === 'lost') return;
    const session = await renewer.stop();
    const confirmed = session === undefined || (await tellServer(context, session));
    await context.cache.forget();
    context.emit({ type: 'released', confirmed });
    finish();
  }

  function release(): Promise<void> {
    released ??= giveBack();
    return released;
  }

  async function farewell(how: Farewell): Promise<void> {
    const session = renewer.session();
    if (how === 'wait' || platform.beacon === undefined) return release();
    if (session !== undefined) platform.beacon(context.releaseUrl, JSON.stringify({ session_id: session }));
    renewer.abandon();
    return context.cache.forget();
  }

  undo.push(platform.onWake(renewer.wake));
  if (options.releaseOnExit ?? true) undo.push(platform.onExit(farewell));
  const onAbort = () => void release();
  options.signal?.addEventListener('abort', onAbort);
  undo.push(() => options.signal?.removeEventListener('abort', onAbort));

  return {
    get state() {
      return renewer.state();
    },
    get license() {
      return renewer.license();
    },
    signal: ending.signal,
    hasFeature: (name) => hasFeature(renewer.license(), name),
    feature: (name) => featureOf(renewer.license(), name),
    subscribe: context.subscribe,
    release,
    [Symbol.asyncDispose]: release,
  };
}

async function tellServer({ api, pause }: SeatContext, session: string): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    if (await api.release(session)) return true;
    if (attempt === RELEASE_ATTEMPTS) return false;
    await pause(RELEASE_PAUSE * attempt);
  }
}
