import { describe, expect, test } from 'vitest';
import { toCsv } from '#functions/admin/csv.ts';
import { prefersCsv } from '#functions/admin/prefers-csv.ts';

describe('a table as CSV', () => {
  const cell = (value: string | number | null | undefined) => toCsv(['a'], [[value]]).slice('a\r\n'.length, -2);

  test('has a line for each row, and its header', () => {
    expect(
      toCsv(
        ['at', 'peak'],
        [
          ['2026-11-23', 3],
          [null, undefined],
        ],
      ),
    ).toBe('at,peak\r\n2026-11-23,3\r\n,\r\n');
  });

  test.each([
    ['a comma', 'Berlin, Mitte', '"Berlin, Mitte"'],
    ['quotes', 'the "big" one', '"the ""big"" one"'],
    ['a line break', 'one\r\ntwo', '"one\r\ntwo"'],
    ['space at an end', 'one ', '"one "'],
    ['nothing special', 'Büro – 東京', 'Büro – 東京'],
    ['nothing', '', ''],
  ])('quotes %s as RFC 4180 says', (_name, text, expected) => {
    expect(cell(text)).toBe(expected);
  });

  test.each([
    ['=1+1', "'=1+1"],
    ['+49 30', "'+49 30"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ['  =1', "'  =1"],
    ['\t=1', "'\t=1"],
    ['\tx', "'\tx"],
    ['\r=1', `"'\r=1"`],
    ['＝1', "'＝1"],
  ])('makes %j a text', (text, expected) => {
    expect(cell(text)).toBe(expected);
  });

  test('leaves numbers alone', () => {
    expect([cell(-1.5), cell(0)]).toEqual(['-1.5', '0']);
  });
});

test.each([
  [undefined, false],
  ['*/*', false],
  ['application/json', false],
  ['text/csv', true],
  ['TEXT/CSV; charset=utf-8', true],
  ['text/*', true],
  ['text/csv, */*', true],
  ['text/csv;q=0.5, */*;q=0.1', true],
  ['text/csv, application/json', false],
  ['text/csv;q=0.9, application/json', false],
  ['application/json;q=0.5, text/csv', true],
  ['text/csv;q=0', false],
  ['text/html,application/xhtml+xml,*/*;q=0.8', false],
  ['image/png', false],
  ['text/csv;q=x', false],
])('Accept: %s prefers CSV: %s', (accept, expected) => {
  expect(prefersCsv(accept)).toBe(expected);
});
