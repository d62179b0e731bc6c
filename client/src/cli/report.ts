import type { SeatEvent, SeatListener } from '../seat/events.ts';
import type { Terminal } from './terminal.ts';

/** Tells what happens to the seat on standard error: a sentence each, or a line of JSON. */
export const report =
  (json: boolean, { err }: Pick<Terminal, 'err'>): SeatListener =>
  (event) =>
    err(json ? `${asJson(event)}\n` : `countersign: ${describe(event)}\n`);

function asJson(event: SeatEvent): string {
  // The licence holds the session's secret; a log is no place for it.
  const shown = event.type === 'held' || event.type === 'borrowed' ? { ...event, license: undefined } : event;
  return JSON.stringify(shown, (_name, value) => (value instanceof Error ? innermost(value).message : value));
}

const innermost = (error: Error): Error => (error.cause instanceof Error ? innermost(error.cause) : error);

type Place = Extract<SeatEvent, { readonly type: 'queued' }>;

function describePlace({ position, positionExact, queueLength, estimatedWait }: Place): string {
  const estimate = estimatedWait === undefined ? '' : `, about ${Math.ceil(estimatedWait / 60_000)} min to wait`;
  return `all seats are in use; place ${position}${positionExact ? '' : ' or later'} of ${queueLength} in the queue${estimate}`;
}

function describe(event: SeatEvent): string {
  const time = (at: number | undefined) => (at === undefined ? 'for good' : `until ${new Date(at).toISOString()}`);
  switch (event.type) {
    case 'held':
      return `seat held, ${event.seatsUsed} of ${event.seatsTotal} in use`;
    case 'borrowed':
      return `seat borrowed until ${new Date(event.borrowedUntil).toISOString()}`;
    case 'queued':
      return describePlace(event);
    case 'renewing':
      return 'renewing the licence';
    case 'offline':
      return `${event.message} The licence is good ${time(event.validUntil)}.`;
    case 'online':
      return 'the licence server answers again';
    case 'denied':
      return `all ${event.seatsTotal} seats are in use${event.retryAt === undefined ? '' : `, trying again at ${new Date(event.retryAt).toISOString()}`}`;
    case 'refused_license':
    case 'storage_unavailable':
    case 'keys_not_updated':
    case 'lost':
      return event.message;
    case 'released':
      if (event.stillHeld) return 'this machine goes on with the seat';
      return event.confirmed ? 'seat given back' : 'the server could not be told; the seat is free after its lease';
    default:
      return event satisfies never;
  }
}
