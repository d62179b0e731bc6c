import { describe, expect, it } from 'vitest';
import { createHeartbeatWriter, type HeartbeatRequest } from '#functions/seats/heartbeat-writer.ts';
import { CommitError, type Write, type WriteFailure } from '#shared/store/store.ts';
import { NOW } from './fixtures.ts';

const beat = (licenseId: string, handle = licenseId): HeartbeatRequest => ({
  licenseId,
  handle,
  now: NOW,
  expiresAt: NOW + 1,
});

/** A store that never gets to the documents of one licence, and a pause that is over at once. */
function setUp(hanging: (path: string) => boolean) {
  const calls: string[][] = [];
  const given: ((failure: WriteFailure) => void)[] = [];
  const store = {
    writeEach: (writes: readonly Write[]): Promise<(WriteFailure | undefined)[]> => {
      const paths = writes.map(({ path }) => path);
      calls.push(paths);
      if (!paths.some(hanging))
        return Promise.resolve(paths.map((path) => (path.endsWith('gone') ? 'not_found' : undefined)));
      return new Promise((_resolve, reject) => given.push((failure) => reject(new CommitError(failure, undefined))));
    },
  };
  const write = createHeartbeatWriter(store, () => Promise.resolve());
  const run = async (...requests: HeartbeatRequest[]) =>
    (await write('heartbeats', requests)).map((result) => Promise.resolve(result));
  return { run, calls, giveUp: () => given.splice(0).forEach((fail) => void fail('unknown')) };
}

describe('a heartbeat write that hangs', () => {
  it('holds up its own licence, not the others of its group, nor the next group', async () => {
    const { run, giveUp, calls } = setUp((path) => path === 'sessions/stuck');
    const results = await run(beat('l1'), beat('l2', 'stuck'), beat('l3', 'gone'));
    expect([await results[0], await results[2]]).toEqual([undefined, 'not_found']);
    const next = await run(beat('l4'));
    expect(await next[0]).toBeUndefined();
    expect(calls.slice(0, 4)).toEqual([
      ['sessions/l1', 'sessions/stuck', 'sessions/gone'],
      ['sessions/l1'],
      ['sessions/stuck'],
      ['sessions/gone'],
    ]);
    giveUp();
    expect(await results[1]).toBe('unknown');
  });

  it('is waited for when four others hang already: the store itself is in trouble', async () => {
    const { run, calls, giveUp } = setUp(() => true);
    for (let group = 0; group < 4; group += 1) await run(beat(`l${group}`));
    const sent = calls.length;
    const fifth = run(beat('l5'));
    let answered = false;
    void fifth.then(() => {
      answered = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([answered, calls.length]).toEqual([false, sent + 1]);
    giveUp();
    expect(await Promise.all(await fifth)).toEqual(['unknown']);
  });
});
