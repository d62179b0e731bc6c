import { describe, expect, test } from 'vitest';
import { type Latest, lastOf, withEvent } from '#functions/billing/event-order.ts';
import type { Snapshot, SubscriptionEvent } from '#functions/billing/stripe-event.ts';

const snapshot = (status: string): Snapshot => ({ customer: 'cus', status, ended_at: null, complete: true, items: [] });

/** @param before and after name states of the subscription */
const event = (type: string, before: string, after: string, created = 10): SubscriptionEvent => ({
  kind: 'subscription',
  id: `evt_${type}_${before}_${after}_${created}`,
  type: `customer.subscription.${type}`,
  created,
  subscription: 'sub',
  snapshot: snapshot(after),
  before: snapshot(before),
});

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((one, index) => permutations(all.toSpliced(index, 1)).map((rest) => [one, ...rest]));
}

/** The state that counts at the end: of the latest second's events the last one. */
function stateAfter(events: readonly SubscriptionEvent[]): string | undefined {
  let latest: Latest | undefined;
  for (const one of events) {
    const ordered = withEvent(latest, one);
    if (ordered.kind === 'latest') latest = ordered.latest;
  }
  return latest && lastOf(latest)?.snapshot.status;
}

const updated = (before: string, after: string, created?: number) => event('updated', before, after, created);

describe('the last state of a subscription, in every order of its events', () => {
  const cases: [string, SubscriptionEvent[], string | undefined][] = [
    ['one event', [event('created', 'a', 'a')], 'a'],
    ['a later second', [event('created', 'a', 'a', 1), updated('a', 'b', 2), updated('b', 'c', 3)], 'c'],
    ['created and changed in one second', [event('created', 'a', 'a'), updated('a', 'b')], 'b'],
    ['changed and ended in one second', [updated('a', 'b'), event('deleted', 'b', 'c')], 'c'],
    ['four changes of one second', [updated('a', 'b'), updated('b', 'c'), updated('c', 'd'), updated('d', 'e')], 'e'],
    ['a change of nothing that is read', [updated('a', 'b'), updated('b', 'b'), updated('a', 'a')], 'b'],
    ['paused, told by two events', [event('paused', 'b', 'b'), updated('a', 'b')], 'b'],
    ['the same twice', [updated('a', 'b'), updated('a', 'b')], 'b'],
    ['there and back', [updated('a', 'b'), updated('b', 'a')], undefined],
    ['two that have nothing to do with each other', [updated('a', 'b'), updated('c', 'd')], undefined],
    ['resolved by the one between', [updated('a', 'b'), updated('c', 'd'), updated('b', 'c')], 'd'],
    ['resolved by a later second', [updated('a', 'b'), updated('c', 'd'), updated('d', 'e', 11)], 'e'],
    [
      'a whole life',
      [
        event('created', 'a', 'a', 1),
        updated('a', 'b', 1),
        updated('b', 'c', 7),
        updated('c', 'd', 7),
        event('deleted', 'd', 'e', 9),
      ],
      'e',
    ],
  ];
  test.each(cases)('%s', (_name, events, last) => {
    for (const order of permutations(events)) expect(stateAfter(order)).toBe(last);
  });

  test('a repeat changes nothing', () => {
    const events = [event('created', 'a', 'a'), updated('a', 'b'), updated('b', 'c')];
    for (const order of permutations(events)) expect(stateAfter([...order, ...order])).toBe('c');
  });
});
