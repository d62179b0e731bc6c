import { expect, test } from 'vitest';
import { createStrict, hoard } from './hoard.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();

test('after_copy: however fast a script takes and gives back for an hour, one copy works at a time', async () => {
  const { license_key } = await createStrict(suite, 'after_copy');
  const { most, got } = await hoard(suite, license_key, 3_600);
  expect(most).toBe(1);
  // A lease of 360 s, the second after which it counts as expired, and the script's step.
  expect(got).toBe(10);
}, 300_000);

test('at_once: as many copies as there are signatures within a lease', async () => {
  const { license_key } = await createStrict(suite, 'at_once');
  const { most } = await hoard(suite, license_key, 355);
  // 200 and 4 at once; then 20 and 4 a minute.
  expect(most).toBeGreaterThanOrEqual(204 + 5 * 24);
  expect(most).toBeLessThanOrEqual(204 + 6 * 24);
}, 300_000);
