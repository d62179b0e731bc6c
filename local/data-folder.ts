import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { isRunning, type Owner, readOwner } from './stack-file.ts';

const license = z.object({ license_id: z.string(), license_key: z.string() });
const state = z.object({
  /** Absent before the first run. */
  project_id: z.string().optional(),
  /** Milliseconds by which the control has moved the clock: documents have times of then. */
  clock_offset: z.number().optional(),
  /** The API shows a key once, so the licences of the first run are kept here: for playing, and the demonstration's. */
  license: license.optional(),
  demonstration: license.optional(),
});

export type DataState = z.output<typeof state>;

/** What `--data` names: everything that one project has, from run to run. One suite uses it at a time. */
export interface DataFolder {
  readonly documents: string;
  readonly kmsKeys: string;
  readonly objects: string;
  readonly state: DataState;
  save(changes: DataState): void;
  /** To be called before anything in the folder is read. @throws Error when a suite that runs has it already */
  claim(owner: Owner): Promise<void>;
}

/** @throws Error when the folder holds something else */
export async function openDataFolder(path: string): Promise<DataFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const file = join(path, 'project.json');
  const ownerFile = join(path, 'owner.json');
  let current = readState(file);
  const save = (changes: DataState) => {
    current = { ...current, ...changes };
    replace(file, current);
  };
  return {
    documents: join(path, 'documents.jsonl'),
    kmsKeys: join(path, 'kms.json'),
    objects: join(path, 'storage'),
    get state() {
      return current;
    },
    save,
    async claim(owner) {
      const other = await readOwner(ownerFile);
      if (other !== undefined && (await isRunning(other)))
        throw new Error(`${path} is in use by a suite that runs; its control is ${other.control}`);
      replace(ownerFile, owner);
      save({ project_id: owner.project_id });
    },
  };
}

function readState(file: string): DataState {
  try {
    return state.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {};
    throw new Error(`${file} is not what an earlier run has written`, { cause });
  }
}

/** As a whole or not at all; readable by its owner alone. */
function replace(file: string, content: object): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
