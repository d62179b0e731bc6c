import type { ValidLicense } from '../license/result.ts';
import type { FirstHold } from './acquire.ts';
import { createAlarm } from './alarm.ts';
import { TIME_NOTED_EVERY } from './cache.ts';
import type { SeatContext } from './context.ts';
import type { SeatError } from './error.ts';
import {
  type Moment,
  type SeatEffect,
  type SeatInput,
  type SeatModel,
  type Step,
  sessionOf,
  type Wish,
} from './model.ts';
import { beginFile, beginGranted, beginOffline, next } from './next.ts';
import type { SeatState } from './seat.ts';

/** A seat that is being kept. */
export interface HeldSeat {
  state(): SeatState;
  license(): ValidLicense;
  /** @throws SeatError when it cannot be; one wish comes after another */
  wish(wish: Wish): Promise<void>;
  /** Gives the seat back, after the call under way. @returns when that is over; repeating it returns the same */
  release(): Promise<void>;
  /** Forgets the session without telling the server. @returns the session that is still to be given back */
  abandon(): string | undefined;
  /** Asks for the seat at once, or looks whether it is time to: after sleep, and when the network is back. */
  wake(): void;
  /** Settles when the seat is lost or given back. */
  readonly ended: Promise<void>;
}

const RELEASE_ATTEMPTS = 3;
const RELEASE_PAUSE = 500;

/** Performs what `next` decides, until the seat is lost or given back. */
export function renewUntilEnd(context: SeatContext, first: FirstHold): HeldSeat {
  const { acquireAndVerify, borrowAndVerify, heartbeatAndVerify, api, backoff, cache, clock, emit, platform } = context;
  const moment = () => ({ now: clock.now(), backoff });
  const alarm = createAlarm(
    platform,
    () => clock.now(),
    () => dispatch({ type: 'due' }),
  );
  let finish = () => {};
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let model: SeatModel;

  let settle: (error: SeatError | undefined) => void = () => {};
  let lastWish: Promise<void> = Promise.resolve();
  const begin = (wish: Wish) =>
    new Promise<void>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
      dispatch({ type: 'wish', wish });
    });

  /** A program may end as soon as its seat has: what a later start must find is written by then. */
  let kept: Promise<unknown> = Promise.resolve();
  const keep = (writing: Promise<void>) => {
    kept = Promise.all([kept, writing]);
  };

  let cancelNote = () => {};
  /** With each wait, and again and again in a long one without the server, since its hours are not to be lived twice. */
  function noteTime(left: number): void {
    cancelNote();
    keep(cache.noteTime(Math.min(left, TIME_NOTED_EVERY)));
    if ((model.state !== 'offline' && model.state !== 'borrowed') || left <= TIME_NOTED_EVERY) return;
    cancelNote = platform.setTimer(() => noteTime(left - TIME_NOTED_EVERY), TIME_NOTED_EVERY, false);
  }

  function dispatch(input: SeatInput): void {
    perform(next(model, input, moment()));
  }

  function perform(step: Step): void {
    model = step.model;
    for (const effect of step.effects) carryOut(effect);
  }

  function carryOut(effect: SeatEffect): void {
    switch (effect.type) {
      case 'acquire':
        void acquireAndVerify({ timeout: effect.timeout ?? Number.POSITIVE_INFINITY }).then((result) =>
          dispatch({ type: 'acquired', result }),
        );
        return;
      case 'heartbeat':
        void heartbeatAndVerify(effect.sessionId, effect.refresh).then((result) =>
          dispatch({ type: 'heartbeat', result }),
        );
        return;
      case 'release':
        void releaseStubbornly(context, effect.sessionId).then((outcome) => dispatch({ type: 'released', outcome }));
        return;
      case 'borrow':
        void borrowAndVerify(effect.seconds).then((result) => dispatch({ type: 'borrowed', result }));
        return;
      case 'return':
        void api.release(effect.sessionId).then((result) => dispatch({ type: 'returned', result }));
        return;
      case 'settle':
        settle(effect.error);
        return;
      case 'release_unheard':
        void api.release(effect.sessionId);
        return;
      case 'wait':
        alarm.set(effect.milliseconds);
        noteTime(effect.milliseconds);
        return;
      case 'look':
        alarm.look();
        return;
      case 'emit':
        emit(effect.event);
        return;
      case 'forget':
        keep(cache.forget(effect.why));
        return;
      case 'end':
        alarm.clear();
        cancelNote();
        void kept.then(finish);
        return;
      default:
        effect satisfies never;
    }
  }

  const begun = beginWith(first, moment());
  model = begun.model;
  perform(begun);

  return {
    state: () => model.state,
    license: () => model.license,
    wish(wish) {
      const done = lastWish.then(() => begin(wish));
      lastWish = done.catch(() => undefined);
      return done;
    },
    release() {
      dispatch({ type: 'release' });
      return ended;
    },
    abandon() {
      const session = sessionOf(model);
      dispatch({ type: 'abandon' });
      return session;
    },
    wake: () => dispatch({ type: 'woken' }),
    ended,
  };
}

function beginWith(first: FirstHold, moment: Moment): Step {
  switch (first.kind) {
    case 'granted':
      return beginGranted(first.license, first.granted, moment);
    case 'offline':
      return beginOffline(first.license, first.failure, moment);
    case 'file':
      return beginFile(first.license, moment);
    default:
      return first satisfies never;
  }
}

async function releaseStubbornly(
  { api, pause }: SeatContext,
  session: string,
): Promise<'released' | 'still_held' | 'unknown'> {
  for (let attempt = 1; ; attempt += 1) {
    const { kind } = await api.release(session);
    // Another program of this machine has borrowed the seat meanwhile.
    if (kind === 'not_allowed') return 'still_held';
    if (kind !== 'unavailable') return kind;
    if (attempt === RELEASE_ATTEMPTS) return 'unknown';
    await pause(RELEASE_PAUSE * attempt);
  }
}
