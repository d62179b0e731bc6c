import { isBorrowed } from '../license/strict.ts';
import type { VerifiedAcquire } from './acquire-and-verify.ts';
import type { ReleaseResult } from './api.ts';
import { SeatError } from './error.ts';
import { afterRelease, released } from './leave.ts';
import { leaseOf, type Moment, only, over, type SeatModel, type Step, sessionIn, type Wish, wait } from './model.ts';
import { hold } from './outcome.ts';

/** Begins what the program asked for, now that no other call is under way. */
export function begin(model: SeatModel, wish: Wish, { now }: Moment): Step {
  const call = { name: wish.name, since: now };
  if (over(model)) return only(model, { type: 'settle', error: SeatError.of('not_held') });
  if (model.isFile) return only(model, { type: 'settle', error: SeatError.of('borrowed_as_file') });
  if (wish.name === 'borrow') return only({ ...model, call }, { type: 'borrow', seconds: wish.seconds });
  const sessionId = isBorrowed(model.license) ? (model.lease?.sessionId ?? sessionIn(model.license)) : undefined;
  if (sessionId === undefined) return only(model, { type: 'settle', error: SeatError.of('not_borrowed') });
  return only({ ...model, call }, { type: 'return', sessionId });
}

/** The server has answered the wish to borrow. A heartbeat may have become due meanwhile, so it comes next. */
export function answered(model: SeatModel, result: VerifiedAcquire, moment: Moment): Step {
  const idle = { ...model, call: undefined };
  const settled = (step: Step, error?: SeatError): Step => ({
    model: step.model,
    effects: [...step.effects, { type: 'settle', ...(error && { error }) }],
  });
  const goOn = () => (over(idle) ? afterRelease(idle, idle.lease, moment) : only(idle, wait(idle, 0, moment)));
  switch (result.kind) {
    case 'verified':
      if (!over(idle)) return settled(hold(idle, result.license, result.granted, moment));
      return settled(afterRelease({ ...idle, license: result.license }, leaseOf(result.granted), moment));
    case 'unverified': {
      // The seat is borrowed, under an id of its own, and the copy at hand is the one from before.
      const { reason, message } = result.refusal;
      const error = SeatError.of('license_invalid', { reason, detail: message });
      const lease = leaseOf(result.granted);
      if (over(idle)) return settled(afterRelease(idle, lease, moment), error);
      return settled(hold(idle, idle.license, result.granted, moment), error);
    }
    case 'refused':
      return settled(goOn(), SeatError.of(result.code, result));
    case 'queued':
      return settled(goOn(), SeatError.of('no_seats_available'));
    case 'unavailable':
      return settled(goOn(), SeatError.unavailable(result));
    default:
      return result satisfies never;
  }
}

/** The server has answered the wish to return a borrowed seat. */
export function returned(model: SeatModel, result: ReleaseResult, moment: Moment): Step {
  const idle = { ...model, call: undefined };
  if (result.kind !== 'not_allowed' && result.kind !== 'unavailable') {
    const gone = released({ ...idle, state: 'released' }, 'released');
    return { model: gone.model, effects: [{ type: 'settle' }, ...gone.effects] };
  }
  const error =
    result.kind === 'unavailable' ? SeatError.unavailable(result) : SeatError.of('early_return_not_allowed', result);
  const step = over(idle) ? afterRelease(idle, idle.lease, moment) : only(idle, wait(idle, 0, moment));
  return { model: step.model, effects: [{ type: 'settle', error }, ...step.effects] };
}
