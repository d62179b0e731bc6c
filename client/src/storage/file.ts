import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Storage } from './storage.ts';

/**
 * A file a name in a directory of its own. A licence holds its session id, which is a secret: only the owner may read.
 * Each text is written beside its place and then moved, so that a crash leaves the old one or the new one.
 */
export function fileStorage(directory: string): Storage {
  const pathOf = (name: string) => join(directory, `${name.replace(/[^\w.-]/g, '_')}.txt`);
  return {
    async get(name) {
      try {
        return await readFile(pathOf(name), 'utf8');
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
    async set(name, text) {
      await makeDirectory(directory);
      const draft = `${pathOf(name)}.${randomUUID()}`;
      try {
        await writeFile(draft, text, { mode: 0o600 });
        await rename(draft, pathOf(name));
      } catch (error) {
        // Half a draft on a full disk, one more with each heartbeat.
        await rm(draft, { force: true }).catch(() => undefined);
        throw error;
      }
    },
    delete: (name) => rm(pathOf(name), { force: true }),
  };
}

/** Parents first. Not mkdir's `recursive`, which never comes back where a file system answers ENOENT for ever (/proc). */
async function makeDirectory(path: string): Promise<void> {
  const make = () =>
    mkdir(path, { mode: 0o700 }).catch((error) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  await make().catch(async (error) => {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await make();
  });
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/**
 * Where a user's programs keep what they must not lose, by the custom of each system.
 * @throws Error where there is no such place: no HOME and no entry in the list of users, as in many containers
 */
export function stateDirectory(
  application: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  home: () => string = homedir,
): string {
  const safe = application.replace(/[^\w.-]/g, '_');
  const name = /^\.*$/.test(safe) ? '_' : safe;
  const below = (...folders: string[]) => join(absolute(home()), ...folders);
  if (process.platform === 'win32') {
    return join(env['LOCALAPPDATA'] || below('AppData', 'Local'), 'countersign', name);
  }
  if (process.platform === 'darwin') return below('Library', 'Application Support', 'countersign', name);
  // The XDG base directory specification has relative paths ignored.
  const state = env['XDG_STATE_HOME'];
  return join(state !== undefined && isAbsolute(state) ? state : below('.local', 'state'), 'countersign', name);
}

function absolute(home: string): string {
  if (!isAbsolute(home)) throw new Error('this user has no home directory');
  return home;
}
