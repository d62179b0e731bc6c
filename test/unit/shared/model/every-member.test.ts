import { expect, test } from 'vitest';
import { type EveryMember, nothingElse } from '#shared/model/every-member.ts';

interface Seat {
  readonly license: string;
  readonly label?: string | undefined;
}

test('a member that is left out does not compile, be it optional', () => {
  const named: EveryMember<Seat> = { license: 'lic', label: undefined };
  // @ts-expect-error: label is not named
  const forgotten: EveryMember<Seat> = { license: 'lic' };
  expect([named.license, forgotten.license]).toEqual(['lic', 'lic']);
});

test('what is left of a destructured object does not compile', () => {
  const seat: Seat = { license: 'lic' };
  const { license, label, ...nothing } = seat;
  nothingElse(nothing);
  const { license: again, ...rest } = seat;
  // @ts-expect-error: label is left
  nothingElse(rest);
  expect([license, label, again]).toEqual(['lic', undefined, 'lic']);
});
