import { describe, expect, it } from 'vitest';
import { earlierRelease, planLeave, planRelease } from '#functions/seats/release.ts';
import type { EndedSession } from '#shared/model/session.ts';
import { ENDED_RETENTION } from '#shared/model/session.ts';
import { KEY, license, NOW, sessionOf } from './fixtures.ts';

const [session] = sessionOf('a', '2', NOW + 1_000);
const ending = { reason: 'released' as const, now: NOW, random: () => 0.25 };

describe('planRelease', () => {
  it('ends the session if it exists, opens its seat, and keeps the answer with the ended session', () => {
    expect(planRelease({ ...ending, session, license: license(), used: 3 })).toEqual({
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
            held_until: NOW,
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
    const [end] = planRelease({ ...ending, session, license: license(), used: 3, asLast: true }).writes;
    expect(end).toMatchObject({ op: 'delete', precondition: { lastUpdateTime: session.updateTime } });
  });

  it('never answers fewer than no seats, although the count was read at another moment', () => {
    expect(planRelease({ ...ending, session, license: undefined, used: 0 }).released.seatsUsed).toBe(0);
  });
});

describe('planRelease of a licence that frees seats after the copy', () => {
  const after = license({ release: 'after_copy' });
  const plan = (copy_until: number) =>
    planRelease({ ...ending, session: { ...session, copy_until }, license: after, used: 3 });

  it('keeps the seat for its machine until the copy has ended, in a session that nobody can know', () => {
    const { writes, released } = plan(NOW + 5_000);
    expect(released).toEqual({ releasedAt: NOW, seatsUsed: 3 });
    const [remove, ended, seat, holder, kept] = writes;
    expect(remove).toEqual({
      op: 'delete',
      path: `sessions/${session.handle}`,
      precondition: { lastUpdateTime: session.updateTime },
    });
    expect(ended).toMatchObject({ path: `ended_sessions/${session.handle}`, fields: { reason: 'released' } });
    expect(kept).toMatchObject({
      op: 'create',
      fields: { seat: '2', holder: 'a', expires_at: NOW + 5_000, copy_until: NOW + 5_000, lingering: true },
    });
    const handle = kept?.path.slice('sessions/'.length);
    expect(handle).toMatch(/^[0-9a-f]{64}$/);
    expect(seat).toMatchObject({
      op: 'update',
      path: `licenses/${KEY.licenseId}/seats/2`,
      fields: { session: handle },
    });
    expect(holder).toMatchObject({ op: 'update', fields: { session: handle } });
  });

  it('frees it at once when the copy has ended, or when the session kept the seat only', () => {
    const { writes: freeing, released } = plan(NOW);
    expect(released.seatsUsed).toBe(2);
    expect(freeing[0]).toMatchObject({ precondition: { lastUpdateTime: session.updateTime } });
    const lingering = { ...session, lingering: true, copy_until: NOW + 5_000 };
    const { writes } = planRelease({ ...ending, session: lingering, license: after, used: 3 });
    expect(writes.at(-1)).toMatchObject({ fields: { open: 0.25 } });
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
    held_until: NOW,
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
