import { describe, expect, it } from 'vitest';
import { readPage } from '#functions/session-reaper/reap.ts';
import { reap } from '#shared/seats/end-commits.ts';
import type { Document } from '#shared/store/store.ts';
import { KEY, NOW, sessionOf } from '../seats/fixtures.ts';

const document = (machine: string, expiresAt: number): Document => {
  const [{ handle, updateTime, ...fields }] = sessionOf(machine, '2', expiresAt);
  return { path: `sessions/${handle}`, id: handle, fields, updateTime };
};

describe('readPage', () => {
  it('has no next page when it is not full', () => {
    expect(readPage([], 2)).toEqual({ sessions: [], end: undefined });
    const { sessions, end } = readPage([document('a', 1)], 2);
    expect(sessions.map(({ holder }) => holder)).toEqual(['a']);
    expect(end).toBeUndefined();
  });

  it('continues a full page after its last session, by lease end and path', () => {
    const documents = [document('a', 1), document('b', 7)];
    expect(readPage(documents, 2).end).toEqual([7, documents[1]?.path]);
  });
});

describe('reap', () => {
  it('ends a session only if it has not changed since it was read', () => {
    const [session] = sessionOf('a', '2', NOW - 10_000);
    const writes = reap(session, NOW, () => 0.25);
    expect(writes).toMatchObject([
      { op: 'delete', path: `sessions/${session.handle}`, precondition: { lastUpdateTime: session.updateTime } },
      { op: 'create', path: `ended_sessions/${session.handle}`, fields: { reason: 'expired', ended_at: NOW } },
      { op: 'delete', path: `licenses/${KEY.licenseId}/holders/a` },
      { op: 'update', path: `licenses/${KEY.licenseId}/seats/2`, fields: { open: 0.25, session: null } },
    ]);
  });
});
