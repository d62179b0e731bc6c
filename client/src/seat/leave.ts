import { isBorrowed } from '../license/strict.ts';
import type { SeatEvent } from './events.ts';
import { type Lease, type Moment, only, over, type SeatEffect, type SeatModel, type Step, sessionOf } from './model.ts';

export function release(model: SeatModel, moment: Moment): Step {
  if (over(model)) return only(model);
  const leaving: SeatModel = { ...model, state: 'released' };
  // After the call under way, whose answer may name the session that is to be given back.
  if (model.call !== undefined) return only(leaving);
  return afterRelease(leaving, model.lease, moment);
}

/** @param lease the session as it is known now */
export function afterRelease(model: SeatModel, lease: Lease | undefined, { now }: Moment): Step {
  if (model.state === 'lost') return only(model);
  const leaving: SeatModel = { ...model, lease };
  if (isBorrowed(model.license)) return released(leaving, 'still_held');
  const sessionId = sessionOf(leaving);
  if (sessionId === undefined) return released(leaving, 'released');
  return only({ ...leaving, call: { name: 'release', since: now } }, { type: 'release', sessionId });
}

export function released(model: SeatModel, outcome: 'released' | 'still_held' | 'unknown'): Step {
  // A seat that was not given back for certain is as after a crash: this machine's for its lease, and its copy with it.
  const forgetting: SeatEffect[] = outcome === 'released' ? [{ type: 'forget', why: 'released' }] : [];
  const event: SeatEvent = {
    type: 'released',
    confirmed: outcome !== 'unknown',
    stillHeld: outcome === 'still_held',
  };
  const gone: SeatModel = { ...model, call: undefined, lease: outcome === 'unknown' ? model.lease : undefined };
  return only(gone, ...forgetting, { type: 'emit', event }, { type: 'end' });
}
