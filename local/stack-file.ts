import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * `.local/stack.json`, from which programs and people learn where the suite is. A second suite in the same folder
 * writes `.local/stack.PORT.json`; what a killed one has left there is removed by the next start.
 */

const FILES = /^stack(\.\d+)?\.json$/;
const ANSWER_WITHIN_MS = 2_000;

/** What says which suite a file or a folder belongs to. */
const owner = z.object({ control: z.string(), project_id: z.string() });
export type Owner = z.output<typeof owner>;

/**
 * Whether the suite is there: its control answers with its project. Nobody there, or another suite, means that it is
 * gone; no answer in time means that it is busy.
 */
export async function isRunning({ control, project_id }: Owner): Promise<boolean> {
  try {
    const response = await fetch(control, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    const parsed = z.object({ project_id: z.string() }).safeParse(await response.json());
    return parsed.success && parsed.data.project_id === project_id;
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError';
  }
}

/** Undefined for a file that is not there, half written or of something else. */
export async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return owner.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Removes the files of suites that no longer run. */
async function removeStaleFiles(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => FILES.test(name));
  await Promise.all(
    names.map(async (name) => {
      const file = join(directory, name);
      const found = await readOwner(file);
      if (found === undefined || !(await isRunning(found))) await rm(file, { force: true });
    }),
  );
}

/**
 * Writes the description as a whole, so that nobody reads half of it, and answers the file: `stack.json`, unless that
 * is another suite's. Readable by its owner alone, for it holds tokens.
 */
export async function writeStackFile(directory: string, port: number, description: Owner): Promise<string> {
  await removeStaleFiles(directory);
  const draft = join(directory, `stack.${randomUUID()}.draft`);
  await writeFile(draft, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
  try {
    for (const file of [join(directory, 'stack.json'), join(directory, `stack.${port}.json`)]) {
      // A link fails where a file is, so that of two suites that start at once only one takes the name.
      if (await created(link(draft, file))) return file;
    }
  } finally {
    await rm(draft, { force: true });
  }
  throw new Error(`${join(directory, `stack.${port}.json`)} is another suite's, though this one has its port`);
}

async function created(linking: Promise<void>): Promise<boolean> {
  try {
    await linking;
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes the file along, unless another suite's has taken its place. */
export async function removeStackFile(file: string, projectId: string): Promise<void> {
  const found = await readOwner(file);
  if (found?.project_id === projectId) await rm(file, { force: true });
}
