import { expect, it } from 'vitest';
import { createLicense } from '#shared/contract/admin.ts';

const accepts = (features: unknown) =>
  createLicense.body?.safeParse({ tier: 'trial', max_seats: 1, expires_at: '2090-01-01T00:00:00Z', features }).success;

it.each(['', '__a__', '____', '__a\nb__', 'a'.repeat(101)])(
  'refuses the feature %j, which no document can hold',
  (name) => {
    expect(accepts({ [name]: true })).toBe(false);
  },
);

it.each(['a', '_', '__a', 'a__', '__', 'a.b', '`', '😀'])('takes the feature %j', (name) => {
  expect(accepts({ [name]: true })).toBe(true);
});
