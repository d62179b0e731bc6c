import { describe, expect, it } from 'vitest';
import { earlierRelease, planLeave, planRelease } from '#functions/seats/release.ts';
import type { EndedSession } from '#shared/model/session.ts';
import { ENDED_RETENTION } from '#shared/model/session.ts';
import { KEY, NOW, sessionOf } from './fixtures.ts';

const [session] = sessionOf('a', '2', NOW + 1_000);

describe('planRelease', () => {
  it('ends the session if it exists, opens its seat, and keeps the answer with the ended session', () => {
    expect(planRelease(session, 3, 'released', NOW, () => 0.25)).toEqual({
      released: { releasedAt: NOW, seatsUsed: 2 },
      writes: [
        { op: 'delete', path: `sessions/${session.handle}`, precondition: { exists: true } },
        {
          op: 'create',
          path: `ended_sessions/${session.handle}`,
          fields: {
            license_id: KEY.licenseId,
            tenant_id: 'acme',
            reason: 'released',
            ended_at: NOW,
            acquired_at: session.acquired_at,
            seats_used: 2,
          },
          deleteAfter: NOW + ENDED_RETENTION,
        },
        { op: 'delete', path: `licenses/${KEY.licenseId}/holders/a` },
        { op: 'update', path: `licenses/${KEY.licenseId}/seats/2`, fields: { open: 0.25, session: null } },
      ],
    });
  });

  it('for the last program of a machine requires that no other one joined meanwhile', () => {
    const [end] = planRelease(session, 3, 'released', NOW, () => 0.25, true).writes;
    expect(end).toMatchObject({ op: 'delete', precondition: { lastUpdateTime: session.updateTime } });
  });

  it('never answers fewer than no seats, although the count was read at another moment', () => {
    expect(planRelease(session, 0, 'released', NOW, () => 0.25).released.seatsUsed).toBe(0);
  });
});

describe('planLeave', () => {
  it('removes the program that leaves, and only if no other one came or left meanwhile', () => {
    const { writes, released } = planLeave(session, 3, 'window-a', NOW);
    expect(released).toEqual({ releasedAt: NOW, seatsUsed: 3, stillHeld: true });
    const lastUpdateTime = session.updateTime;
    const remove = [expect.stringMatching(/^programs\.p\d{1,3}$/)];
    expect(writes).toEqual([{ op: 'update', path: `sessions/${session.handle}`, fields: {}, remove, lastUpdateTime }]);
  });
});

describe('earlierRelease', () => {
  const ended = (change: Partial<EndedSession> = {}): EndedSession => ({
    license_id: KEY.licenseId,
    tenant_id: 'acme',
    reason: 'released',
    ended_at: NOW,
    acquired_at: NOW - 1_000,
    seats_used: 2,
    ...change,
  });

  it('answers a repeated release as the first one', () => {
    expect(earlierRelease(ended(), 'released')).toEqual({ releasedAt: NOW, seatsUsed: 2 });
  });

  it.each(['expired', 'reclaimed', 'admin_released', 'license_suspended', 'license_expired', 'seats_reduced'] as const)(
    'is refused when the session ended as %s',
    (reason) => {
      expect(() => earlierRelease(ended({ reason, seats_used: null }), 'released')).toThrow(
        expect.objectContaining({ code: 'session_ended', extra: { reason } }),
      );
    },
  );

  it('knows no session that neither exists nor ended', () => {
    expect(() => earlierRelease(undefined, 'released')).toThrow(expect.objectContaining({ code: 'session_not_found' }));
  });
});
