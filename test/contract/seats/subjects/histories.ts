import fc from 'fast-check';
import { LEASE_UNITS, type LeaseUnit, ON_SECOND } from '#shared/model/seat-rules.ts';

/** One request. `at` is the instance that serves it, `user` who asks with the user's own key, `machine` from where. */
export type Act =
  | {
      readonly kind: 'acquire';
      readonly at: number;
      readonly user: number;
      readonly machine: number;
      readonly takeOver: boolean;
      /** Wants the seat of a session that is live, rather than any. */
      readonly replaces: boolean;
    }
  | { readonly kind: 'heartbeat' | 'release'; readonly at: number; readonly which: number }
  | { readonly kind: 'add' | 'remove'; readonly at: number; readonly user: number }
  | { readonly kind: 'change'; readonly at: number; readonly unit: LeaseUnit }
  | { readonly kind: 'reap'; readonly at: number };

export interface History {
  readonly seats: number;
  readonly unit: LeaseUnit;
  readonly onSecond: (typeof ON_SECOND)[number];
  readonly named: boolean;
  readonly seed: number;
  /** How many of 100 writes fail in some way. */
  readonly faults: number;
  /** Acts of one step run side by side; before it the clock is put forward by so many seconds. */
  readonly steps: readonly { readonly wait: number; readonly acts: readonly Act[] }[];
}

export const INSTANCES = 2;
export const USERS = 2;
export const MACHINES = 3;

const at = fc.nat(INSTANCES - 1);
const user = fc.nat(USERS - 1);

const acquire = fc.record({
  kind: fc.constant('acquire' as const),
  at,
  user,
  machine: fc.nat(MACHINES - 1),
  takeOver: fc.boolean(),
  replaces: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 10, arbitrary: acquire },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('heartbeat' as const, 'release' as const), at, which: fc.nat(9) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('add' as const, 'remove' as const), at, user }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('change' as const), at, unit: fc.constantFrom(...LEASE_UNITS) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reap' as const), at }) },
);

const historiesWith = (faults: fc.Arbitrary<number>, named: fc.Arbitrary<boolean>): fc.Arbitrary<History> =>
  fc.record({
    seats: fc.integer({ min: 1, max: 3 }),
    unit: fc.oneof(
      { weight: 3, arbitrary: fc.constant('user' as const) },
      { weight: 1, arbitrary: fc.constantFrom(...LEASE_UNITS) },
    ),
    onSecond: fc.constantFrom(...ON_SECOND),
    named,
    seed: fc.nat(),
    faults,
    steps: fc.array(
      fc.record({
        wait: fc.constantFrom(0, 0, 0, 7, 400),
        acts: fc.array(act, { minLength: 1, maxLength: 5, size: 'max' }),
      }),
      { minLength: 2, maxLength: 8, size: 'max' },
    ),
  });

/** A third of them has network faults. */
export const histories = historiesWith(
  fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(25) }),
  fc.boolean(),
);

/** Without faults, for planted bugs, which are found sooner so. */
export const calmHistories = historiesWith(fc.constant(0), fc.constant(true));
