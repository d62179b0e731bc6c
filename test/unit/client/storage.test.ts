import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileStorage, stateDirectory } from '../../../client/src/storage/file.ts';
import { guardedStorage } from '../../../client/src/storage/guarded.ts';
import type { Storage } from '../../../client/src/storage/storage.ts';

const broken = (fail: () => never): Storage => ({
  get: () => fail(),
  set: async () => fail(),
  delete: () => Promise.reject(new Error('gone')),
});

describe('a storage that cannot be used', () => {
  test.each([
    [
      'has no place',
      () => {
        throw new Error('no home');
      },
    ],
    [
      'throws before there is a promise',
      () =>
        broken(() => {
          throw new Error('ENOSPC');
        }),
    ],
    [
      'rejects',
      () =>
        broken(() => {
          throw Object.assign(new Error('read-only'), { code: 'EROFS' });
        }),
    ],
  ])('because it %s keeps in memory, and says so once', async (_what, open) => {
    const causes: unknown[] = [];
    const storage = guardedStorage(open, (cause) => causes.push(cause));
    await storage.set('a', 'one');
    expect(await storage.get('a')).toBe('one');
    await storage.delete('a');
    expect(await storage.get('a')).toBeUndefined();
    expect(causes).toHaveLength(1);
  });
});

test.skipIf(process.platform !== 'linux')(
  'a place where directories cannot be made is an error, and no wait for ever',
  async () => {
    await expect(fileStorage('/proc/nowhere/deep').set('a', 'b')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(fileStorage('/dev/null/deep').set('a', 'b')).rejects.toThrow();
  },
);

test('a text that cannot be kept leaves nothing half written behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-storage-'));
  await mkdir(join(folder, 'license.txt'));
  await expect(fileStorage(folder).set('license', 'text')).rejects.toThrow();
  expect(await readdir(folder)).toEqual(['license.txt']);
});

describe('the state directory', () => {
  test('needs a home', () => {
    expect(() =>
      stateDirectory('app', {}, () => {
        throw new Error('uv_os_homedir');
      }),
    ).toThrow();
    expect(() => stateDirectory('app', {}, () => '')).toThrow(/home/);
  });

  test('is where XDG says, unless that is relative, which the specification tells to ignore', () => {
    expect(stateDirectory('app', { XDG_STATE_HOME: '/var/state' }, () => '/home/u')).toBe('/var/state/countersign/app');
    expect(stateDirectory('app', { XDG_STATE_HOME: 'state' }, () => '/home/u')).toBe(
      '/home/u/.local/state/countersign/app',
    );
  });

  test('is named after the application, whatever that is called', () => {
    expect(stateDirectory('../../etc', {}, () => '/home/u')).toBe('/home/u/.local/state/countersign/.._.._etc');
    expect(stateDirectory('..', {}, () => '/home/u')).toBe('/home/u/.local/state/countersign/_');
  });
});
