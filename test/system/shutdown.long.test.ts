import { expect, test } from 'vitest';
import { IN_FLIGHT, shutDownUnderLoad } from './shutdown-round.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();

test('SIGTERM cuts none of 200 acquires in flight, whatever other clients do, and the process ends with 0', async () => {
  const { exit, granted, deferred, closing, pipelined } = await shutDownUnderLoad(suite);
  expect(granted + deferred).toBe(IN_FLIGHT);
  expect(granted).toBeGreaterThan(0);
  expect(exit).toBe(0);
  expect(closing).toBeGreaterThan(0);
  expect(pipelined).toMatch(/^HTTP\/1\.1 (201|503) /);
});
