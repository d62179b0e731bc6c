import { expect, test } from 'vitest';
import { changesOf } from '#shared/audit/changes.ts';

const current = { name: 'a', limit: null, features: ['x'], seats: 3 };

test('only what differs is a change', () => {
  expect(changesOf(current, { name: 'b', limit: null, features: ['x'], seats: undefined })).toEqual({
    before: { name: 'a' },
    after: { name: 'b' },
  });
});

test('null is a value, and undefined is no wish', () => {
  expect(changesOf(current, { limit: 5, name: undefined })).toEqual({ before: { limit: null }, after: { limit: 5 } });
  expect(changesOf({ limit: 5 }, { limit: null })).toEqual({ before: { limit: 5 }, after: { limit: null } });
});

test('lists are compared by their values', () => {
  expect(changesOf(current, { features: ['x', 'y'] }).after).toEqual({ features: ['x', 'y'] });
  expect(changesOf(current, { features: ['x'] }).after).toEqual({});
});
