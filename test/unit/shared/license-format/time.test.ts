import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTime, parseTime } from '#shared/license-format/time.ts';

describe('formatTime', () => {
  it('is RFC 3339 in UTC with milliseconds', () => {
    expect(formatTime(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(formatTime(Date.UTC(2026, 11, 31, 23, 59, 59, 7))).toBe('2026-12-31T23:59:59.007Z');
  });
});

describe('parseTime', () => {
  it('reads what formatTime writes', () => {
    const times = fc.integer({ min: Date.UTC(1970, 0), max: Date.parse('9999-12-31T23:59:59.999Z') });
    fc.assert(
      fc.property(times, (time) => {
        expect(parseTime(formatTime(time))).toBe(time);
      }),
    );
  });

  it.each([
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T12:00:00.5Z', Date.UTC(2026, 0, 31, 12, 0, 0, 500)],
    ['2026-01-31T12:00:00.123456789Z', Date.UTC(2026, 0, 31, 12, 0, 0, 123)],
    ['2026-01-31T23:30:00-01:00', Date.UTC(2026, 1, 1, 0, 30)],
    ['2026-03-01T00:30:00+02:00', Date.UTC(2026, 1, 28, 22, 30)],
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
  ])('%s', (text, expected) => {
    expect(parseTime(text)).toBe(expected);
  });

  it.each([
    ['2026-02-29'],
    ['2026-02-30'],
    ['2026-02-30T00:00:00Z'],
    ['2026-02-30T00:00:00+01:00'],
    ['2026-04-31T00:00:00.000Z'],
    ['1900-02-29'],
    ['2026-13-01'],
    ['2026-00-01'],
    ['2026-01-00'],
    ['2026-01-32'],
    ['2026-01-01T24:00:00Z'],
    ['2026-01-01T24:00:00.000+02:00'],
    ['2026-01-01T12:60:00Z'],
    ['2026-01-01T12:00:60Z'],
    ['2026-01-01T12:00:00+24:00'],
    ['2026-01-01T12:00:00+01:60'],
    ['2026-01-01T12:00:00'],
    ['2026-01-01T12:00Z'],
    ['2026-01-01T12:00:00.Z'],
    ['2026-01-01T12:00:00.1234567890Z'],
    ['2026-01-01T12:00:00+0100'],
    ['2026-01-01 12:00:00Z'],
    ['2026-01-01t12:00:00z'],
    ['2026-1-1'],
    ['+002026-01-01T00:00:00Z'],
    ['2026-01-01\n'],
    [' 2026-01-01'],
    ['1770000000000'],
    ['1 January 2026'],
    ['tomorrow'],
    [''],
  ])('refuses %j', (text) => {
    expect(parseTime(text)).toBe(undefined);
  });
});
