import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
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
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async set(name, text) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const draft = `${pathOf(name)}.${randomUUID()}`;
      await writeFile(draft, text, { mode: 0o600 });
      await rename(draft, pathOf(name));
    },
    delete: (name) => rm(pathOf(name), { force: true }),
  };
}

/** Where a user's programs keep what they must not lose, by the custom of each system. */
export function stateDirectory(
  application: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const name = application.replace(/[^\w.-]/g, '_');
  if (process.platform === 'win32') return join(env['LOCALAPPDATA'] ?? homedir(), 'countersign', name);
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'countersign', name);
  return join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'countersign', name);
}
