import { expect } from 'vitest';
import type { Suite } from './suite.ts';

const LICENSES = '/api/v1/licenses';
const STEP = 5;

/** A licence of one seat whose machines must hear from the server all the time. */
export async function createStrict(
  suite: Suite,
  release: string,
): Promise<{ license_id: string; license_key: string }> {
  const terms = { tenant_id: 'demo', tier: 'starter', max_seats: 1, expires_at: null, offline_seconds: 0, release };
  return (await suite.post(LICENSES, terms, 'staff')).body;
}

/**
 * A script that acquires under another name each time and gives the seat back at once, as fast as it can; heartbeats are
 * blocked. @returns the most copies that worked at one instant, and how many it got
 */
export async function hoard(
  suite: Suite,
  license_key: string,
  seconds: number,
): Promise<{ most: number; got: number }> {
  const now = () => suite.stack.clock.now();
  const ends: number[] = [];
  let most = 0;
  const until = now() + seconds * 1000;
  for (let machine = 0; now() < until; ) {
    const { status, body } = await suite.post(`${LICENSES}/acquire`, {
      license_key,
      hardware_id: `machine ${machine}`,
    });
    if (status === 201 || status === 200) {
      machine += 1;
      ends.push(Date.parse(body.license_data.valid_until));
      most = Math.max(most, ends.filter((end) => end > now()).length);
      expect((await suite.post(`${LICENSES}/release`, { session_id: body.session_id })).status).toBe(200);
    } else {
      expect([402, 429]).toContain(status);
      suite.stack.clock.advance(STEP);
    }
  }
  return { most, got: ends.length };
}
