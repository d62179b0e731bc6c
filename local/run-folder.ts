import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, type Owner, readOwner } from './stack-file.ts';

/** What one suite writes for itself while it runs: a folder that ends with it, or with the next start. */
export interface RunFolder {
  readonly path: string;
  close(): Promise<void>;
}

/** @param directory shared by several suites, which may start and end at any time */
export async function createRunFolder(directory: string, owner: Owner): Promise<RunFolder> {
  const path = join(directory, 'run', owner.project_id);
  await mkdir(path, { recursive: true, mode: 0o700 });
  await writeFile(join(path, OWNER), JSON.stringify(owner));
  return { path, close: () => rm(path, { recursive: true, force: true }) };
}

const OWNER = 'owner.json';

/** Removes what killed suites have left. A folder without an owner is one that is being made at this moment. */
export async function removeStaleRuns(directory: string): Promise<void> {
  const parent = join(directory, 'run');
  const names = await readdir(parent).catch(() => []);
  await Promise.all(
    names.map(async (name) => {
      const found = await readOwner(join(parent, name, OWNER));
      if (found !== undefined && !(await isRunning(found))) {
        await rm(join(parent, name), { recursive: true, force: true });
      }
    }),
  );
}
