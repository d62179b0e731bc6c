import { readFile } from 'node:fs/promises';
import * as z from 'zod';

const direction = z.enum(['ASCENDING', 'DESCENDING']);
const field = z.strictObject({ collection: z.string(), field: z.string() });

/** What `terraform/indexes.json` declares for a database. */
const indexConfig = z.strictObject({
  composite: z.array(
    z.strictObject({
      collection: z.string(),
      query_scope: z.literal('COLLECTION'),
      fields: z.array(z.strictObject({ field_path: z.string(), order: direction })),
    }),
  ),
  /** Fields without the single-field indexes that every other field has by itself. */
  exempt: z.array(field),
  /** Timestamps at which documents may be deleted. */
  ttl: z.array(field),
});

export type IndexConfig = z.output<typeof indexConfig>;

/** A database of single-field indexes and nothing else. */
export const AUTOMATIC_INDEXES: IndexConfig = { composite: [], exempt: [], ttl: [] };

/** @throws Error naming what is wrong with the file */
export async function readIndexConfig(file: string | URL): Promise<IndexConfig> {
  return indexConfig.parse(JSON.parse(await readFile(file, 'utf8')));
}
