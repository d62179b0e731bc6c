import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { StoredObject } from './model.ts';

/** Beside an object's bytes lies a file with everything else about it, so that the next run has it again. */
const factsOf = (path: string) => `${path}.json`;

const text = z.string().exactOptional();
const facts = z.object({
  bucket: z.string(),
  name: z.string(),
  generation: z.number(),
  metageneration: z.number(),
  size: z.number(),
  crc32c: z.string(),
  md5: z.string(),
  attributes: z.object({
    contentType: text,
    contentEncoding: text,
    contentDisposition: text,
    contentLanguage: text,
    cacheControl: text,
    metadata: z.record(z.string(), z.string()).exactOptional(),
  }),
  createdAt: z.number(),
  updatedAt: z.number(),
});

/** The last step of an upload: bytes without facts are an upload whose answer never came. */
export async function writeFacts({ path, ...rest }: StoredObject): Promise<void> {
  const draft = `${path}.${randomUUID()}.new`;
  await writeFile(draft, JSON.stringify(rest), { mode: 0o600 });
  await rename(draft, factsOf(path));
}

/** Facts first, so that none are left without bytes. */
export async function removeFiles({ path }: StoredObject): Promise<void> {
  await rm(factsOf(path), { force: true });
  await rm(path, { force: true });
}

/** The objects of an earlier run, and nothing else: of two generations the newer, and what belongs to none is deleted. */
export async function readObjects(folder: string): Promise<readonly StoredObject[]> {
  const names = await readdir(folder);
  const found = await Promise.all(
    names
      .filter((name) => name.endsWith('.json') && names.includes(name.slice(0, -'.json'.length)))
      .map(async (name): Promise<StoredObject> => {
        const parsed = facts.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
        return { ...parsed, path: join(folder, name.slice(0, -'.json'.length)) };
      }),
  );
  const newest = new Map<string, StoredObject>();
  for (const object of found.toSorted((a, b) => a.generation - b.generation)) {
    newest.set(JSON.stringify([object.bucket, object.name]), object);
  }
  const objects = [...newest.values()];
  const wanted = new Set(objects.flatMap(({ path }) => [path, factsOf(path)]));
  const rest = names.map((name) => join(folder, name)).filter((path) => !wanted.has(path));
  await Promise.all(rest.map((path) => rm(path, { force: true })));
  return objects;
}
