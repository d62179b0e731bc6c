import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planHeartbeats } from '#functions/seats/heartbeat-writer.ts';
import { renew } from '#shared/seats/lease-commits.ts';
import { DAY, NOW } from './fixtures.ts';

const heartbeat = (handle: string, now: number) => ({ licenseId: 'lic', handle, now, expiresAt: now + 360_000 });

describe('planHeartbeats', () => {
  it('writes each session, and says which write serves which heartbeat', () => {
    const requests = [heartbeat('a', NOW), heartbeat('b', NOW + 1)];
    expect(planHeartbeats(requests)).toEqual({
      writes: requests.map(({ handle, now, expiresAt }) => renew(handle, { now, expiresAt })),
      writeOf: [0, 1],
      requestsOf: requests.map((request) => [request]),
    });
  });

  it('writes a session once, with the latest lease end that one of its heartbeats is answered', () => {
    const requests = [heartbeat('a', NOW + 5), heartbeat('b', NOW), heartbeat('a', NOW + 9), heartbeat('a', NOW + 7)];
    const { writes, writeOf } = planHeartbeats(requests);
    expect(writes).toHaveLength(2);
    expect(writes).toContainEqual(renew('a', { now: NOW + 9, expiresAt: NOW + 360_009 }));
    expect(writeOf.map((index) => writes[index]?.path)).toEqual([
      'sessions/a',
      'sessions/b',
      'sessions/a',
      'sessions/a',
    ]);
  });

  it('notes the latest copy that is signed with one of them, and none where none is', () => {
    const requests = [
      { ...heartbeat('a', NOW + 5), copyUntil: NOW + DAY },
      heartbeat('a', NOW + 9),
      { ...heartbeat('a', NOW), copyUntil: NOW + 1 },
    ];
    expect(planHeartbeats(requests).writes).toMatchObject([
      { maximum: { last_heartbeat: NOW + 9, copy_until: NOW + DAY } },
    ]);
  });

  it('requires that the session exists, and never creates it', () => {
    const { writes } = planHeartbeats([heartbeat('a', NOW)]);
    expect(writes).toEqual([
      {
        op: 'update',
        path: 'sessions/a',
        fields: {},
        maximum: { last_heartbeat: NOW, expires_at: NOW + 360_000 },
      },
    ]);
  });

  it('serves every heartbeat with a write that is long enough for it, whatever the order', () => {
    const group = fc.array(fc.record({ handle: fc.constantFrom('a', 'b', 'c'), now: fc.nat(1_000) }));
    fc.assert(
      fc.property(group, (beats) => {
        const requests = beats.map(({ handle, now }) => heartbeat(handle, now));
        const { writes, writeOf } = planHeartbeats(requests);
        expect(new Set(writes.map(({ path }) => path)).size).toBe(writes.length);
        requests.forEach(({ handle, expiresAt }, index) => {
          const write = writes[writeOf[index] ?? -1];
          if (write?.op !== 'update') throw new TypeError('a heartbeat is an update');
          expect(write.path).toBe(`sessions/${handle}`);
          expect(write.maximum?.['expires_at']).toBeGreaterThanOrEqual(expiresAt);
        });
      }),
    );
  });
});
