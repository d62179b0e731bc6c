import { expect, test } from 'vitest';
import { SYSTEM_ACTOR } from '#shared/audit/actor.ts';
import { createCommitAudited } from '#shared/audit/commit-audited.ts';
import { newAuditId } from '#shared/model/audit.ts';
import { CommitError, type Document, type DocumentStore, type Write, type WriteFailure } from '#shared/store/store.ts';

/** How a commit ends: it is applied or not, and its caller is told so or something else. */
interface End {
  readonly applied: boolean;
  readonly told?: WriteFailure;
}

/** A store in which commits end as they are told to; beyond that they are applied. */
function storeWith(ends: readonly End[]) {
  const left = [...ends];
  const commits: (readonly Write[])[] = [];
  const there = new Set<string>();
  const store: DocumentStore = {
    get: async (paths) =>
      paths.map((path): Document | undefined =>
        there.has(path) ? { path, id: path, fields: {}, updateTime: { seconds: '1', nanos: 0 } } : undefined,
      ),
    query: async () => [],
    count: async () => 0,
    commit: async (writes) => {
      const { applied, told } = left.shift() ?? { applied: true };
      commits.push(writes);
      if (applied) for (const { path } of writes) there.add(path);
      if (told !== undefined) throw new CommitError(told, new Error(told));
    },
    writeEach: async () => [],
  };
  return { store, commits };
}

const NOW = Date.parse('2026-11-23T10:00:00Z');
const clock = { now: () => NOW };
const plan = (result: string) => ({
  event: { action: 'test.act', tenantId: 't' },
  writes: [{ op: 'set' as const, path: 'things/x', fields: { result } }],
  result,
});

async function commit(ends: readonly End[]) {
  const { store, commits } = storeWith(ends);
  let attempts = 0;
  const answer = createCommitAudited({ store, clock })(SYSTEM_ACTOR, async () => {
    attempts += 1;
    return plan(`attempt ${attempts}`);
  });
  return { answer: await answer.catch((error) => error.code), attempts, commits };
}

test('the act and its record are one commit', async () => {
  const { answer, commits } = await commit([]);
  expect(answer).toBe('attempt 1');
  expect(commits).toHaveLength(1);
  expect(commits[0]).toMatchObject([
    { path: 'things/x' },
    {
      op: 'create',
      path: expect.stringMatching(/^audit\/\d{13}-[0-9a-f]{24}$/),
      fields: {
        at: NOW,
        action: 'test.act',
        tenant_id: 't',
        actor: { kind: 'system' },
        outcome: 'success',
        details: {},
      },
      deleteAfter: NOW + 430 * 86_400_000,
    },
  ]);
});

test('a commit that was applied counts, whatever was told of it', async () => {
  for (const told of ['unknown', 'already_exists', 'precondition_failed', 'not_found'] as const) {
    expect(await commit([{ applied: true, told }])).toMatchObject({ answer: 'attempt 1', attempts: 1 });
  }
});

test('a lost race is planned again, under the same record', async () => {
  const { answer, attempts, commits } = await commit([
    { applied: false, told: 'precondition_failed' },
    { applied: false, told: 'unknown' },
  ]);
  expect([answer, attempts]).toEqual(['attempt 3', 3]);
  expect(new Set(commits.map((writes) => writes.at(-1)?.path)).size).toBe(1);
});

test('is given up at some time', async () => {
  const { answer, attempts } = await commit(Array(50).fill({ applied: false, told: 'precondition_failed' }));
  expect([answer, attempts]).toEqual(['dependency_unavailable', 10]);
});

test('the newest record has the first id', () => {
  const ids = [NOW, NOW + 1, NOW + 86_400_000].map(newAuditId);
  expect([...ids].sort()).toEqual([...ids].reverse());
});

test('what webhooks are told of the act is in its commit, with the id of the record', async () => {
  const { store, commits } = storeWith([{ applied: true, told: 'unknown' }]);
  const hastened: string[] = [];
  const hasten = async (eventId: string) => void hastened.push(eventId);
  const outbox = { type: 'license.updated', tenantId: 't', licenseId: 'l', data: { license_id: 'l' } } as const;
  await createCommitAudited({ store, clock, hasten })(SYSTEM_ACTOR, async () => ({ ...plan('done'), outbox }));
  const [writes = []] = commits;
  const [record, event] = ['audit/', 'events/'].map((start) => writes.find(({ path }) => path.startsWith(start)));
  const id = record?.path.slice('audit/'.length);
  expect(event).toMatchObject({
    op: 'create',
    path: `events/${id}`,
    fields: { type: 'license.updated', tenant_id: 't', license_id: 'l', at: NOW, due: NOW },
    deleteAfter: NOW + 90 * 86_400_000,
  });
  expect(hastened, 'although the answer of the commit was lost').toEqual([id]);
});
