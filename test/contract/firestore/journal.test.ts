import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { open, start } from './embedded.ts';

describe('a file', () => {
  test('keeps documents from one run to the next, all but a line that was never finished', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'countersign-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, 'documents.jsonl');
    const first = await start({ file });
    const store = open(first);
    await store.commit(['a', 'b'].map((id) => ({ op: 'create', path: `things/${id}`, fields: { id, x: 0.1 } })));
    await store.commit([
      { op: 'delete', path: 'things/a' },
      { op: 'update', path: 'things/b', fields: { y: [null, true] } },
    ]);
    const [before] = await store.get(['things/b']);
    await appendFile(file, '["projects/');

    const second = await start({ file });
    const again = open(second);
    expect(await again.get(['things/a', 'things/b'])).toEqual([undefined, before]);
    await again.commit([{ op: 'create', path: 'things/c', fields: {} }]);
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(2);
    const [, changed] = await again.get(['things/b', 'things/c']);
    expect(Number(changed?.updateTime.seconds)).toBeGreaterThanOrEqual(Number(before?.updateTime.seconds));
  });
});
