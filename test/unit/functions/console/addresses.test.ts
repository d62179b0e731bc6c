import { expect, test } from 'vitest';
import { addressesIn } from '#functions/console/app/screens/license/users/addresses.ts';

test.each([
  ['a line each', 'ann@example.org\n ben@example.org \r\n', ['ann@example.org', 'ben@example.org']],
  [
    'as mail programs write them',
    'Ann Lee <ann@example.org>; "Ben" <ben@example.org>,',
    ['ann@example.org', 'ben@example.org'],
  ],
  ['from a spreadsheet', 'Ann\tann@example.org\tBerlin', ['ann@example.org']],
  ['twice', 'ann@example.org, ann@example.org', ['ann@example.org']],
  ['none', 'Ann and Ben', []],
])('%s', (_, typed, expected) => expect(addressesIn(typed)).toEqual(expected));
