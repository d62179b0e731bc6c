import { growFor } from '#shared/seats/license-commits.ts';
import { markSeatLevel } from '#shared/seats/seat-level.ts';
import { sessionEvents } from '#shared/seats/session-events.ts';
import type { Write } from '#shared/store/store.ts';
import type { Claim, Renew } from './plan-step.ts';
import type { SeatPeak } from './usage-recorder.ts';

export interface ClaimCommit {
  readonly writes: readonly Write[];
  readonly peak: SeatPeak;
}

/**
 * What the claims of one commit write together: theirs, the seats that they bring along, and what they announce.
 * @param claims of one licence
 * @param now milliseconds since the epoch
 */
export function claimCommit(claims: readonly Claim[], now: number, random: () => number): ClaimCommit {
  const writes = [...claims.flatMap((claim) => claim.writes), ...madeSeats(claims)];
  const license = claims[0]?.lease.license;
  const peak = peakOf(claims);
  const level = license !== undefined && peak.seats >= license.max_seats ? markSeatLevel(license, now, random) : [];
  return { writes: [...writes, ...sessionEvents(license, writes, now), ...level], peak };
}

/** One write counts the seats of all the machines that come with their own. */
function madeSeats(claims: readonly Claim[]): Write[] {
  const making = claims.filter(({ makesSeat }) => makesSeat);
  const [first] = making;
  return first === undefined ? [] : [growFor(first.lease.license, making.length)];
}

/** How many seats of their licence are in use once these steps, of which there is one at least, are applied. */
export const peakOf = (steps: readonly (Claim | Renew)[]): SeatPeak => ({
  licenseId: steps[0]?.lease.license.id ?? '',
  seats: Math.max(...steps.map(({ lease }) => lease.seatsUsed)),
});
