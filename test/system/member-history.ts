/** What happened to the members of one tenant, as their clients saw it, and what must hold of it. */

/** People by their number; the tick counts what the test has begun and ended. */
interface Event {
  /** Whose request it was. */
  readonly by: number;
  readonly began: number;
  readonly ended: number;
  readonly status: number;
}

export type HistoryEvent = Event &
  (
    | { readonly kind: 'remove'; readonly of: number }
    | { readonly kind: 'role'; readonly of: number; readonly role: string }
    /** An invitation was accepted, for this role. */
    | { readonly kind: 'join'; readonly role: string }
    /** A request that any member may make, or only whoever manages members. */
    | { readonly kind: 'use'; readonly needs: 'member' | 'owner'; readonly what: string }
  );

const succeeded = ({ status }: Event): boolean => status >= 200 && status < 300;

/** A request that failed for no reason of the caller's may have had its effect. */
const mayHaveSucceeded = (event: Event): boolean => succeeded(event) || event.status >= 500;

/**
 * The requests that succeeded although, when they began, the caller's right had been taken for certain: by a removal or a
 * lesser role that had answered, with nothing that could have given the right back before the request ended.
 */
export function violations(history: readonly HistoryEvent[]): string[] {
  return history.filter(succeeded).flatMap((event) => {
    const needs = needOf(event);
    if (needs === undefined) return [];
    const lost = history.filter((one) => takes(one, event.by, needs) && succeeded(one) && one.ended < event.began);
    const taken = lost.find((one) => !history.some((other) => restores(other, event.by, needs, one, event)));
    return taken === undefined ? [] : [`${describe(event)} succeeded after ${describe(taken)}`];
  });
}

function needOf(event: HistoryEvent): 'member' | 'owner' | undefined {
  switch (event.kind) {
    case 'use':
      return event.needs;
    case 'remove':
    case 'role':
      return 'owner';
    case 'join':
      return undefined;
    default:
      return event satisfies never;
  }
}

function takes(event: HistoryEvent, person: number, needs: 'member' | 'owner'): boolean {
  if (event.kind === 'remove') return event.of === person;
  return needs === 'owner' && event.kind === 'role' && event.of === person && event.role !== 'owner';
}

/** Whether an event may have given the right back between the loss and the end of the use. */
function restores(other: HistoryEvent, person: number, needs: 'member' | 'owner', loss: Event, use: Event): boolean {
  if (!mayHaveSucceeded(other) || other.ended < loss.began || other.began > use.ended) return false;
  if (other.kind === 'join') return other.by === person && (needs === 'member' || other.role === 'owner');
  return needs === 'owner' && other.kind === 'role' && other.of === person && other.role === 'owner';
}

const describe = (event: HistoryEvent): string => JSON.stringify(event);
