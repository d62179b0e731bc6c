import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ROOT } from '../sources.ts';
import { needOf } from './index-needs.ts';

/** Queries are functions of their values that answer data, in objects named `queries` or `…Queries`. */
const QUERIES = /^export const (\w+Queries|queries) = \{/m;

const builders = z.record(
  z.string(),
  z.custom<(...values: readonly unknown[]) => unknown>((value) => typeof value === 'function'),
);

/** As much of a query as decides on its index. */
const query = z.object({
  collection: z.string(),
  where: z.array(z.tuple([z.string(), z.enum(['==', '<', '<=', '>', '>=']), z.json()])),
  orderBy: z.array(z.tuple([z.string(), z.enum(['asc', 'desc'])])).default([]),
});

/** The composite indexes that the code's queries need, each with one that does. */
export async function neededIndexes(): Promise<Map<string, string>> {
  const needed = new Map<string, string>();
  for (const file of globSync('{shared,functions}/**/*.ts', { cwd: ROOT }).sort()) {
    const name = QUERIES.exec(readFileSync(join(ROOT, file), 'utf8'))?.[1];
    if (name === undefined) continue;
    const exported: Readonly<Record<string, unknown>> = await import(join(ROOT, file));
    for (const [which, build] of Object.entries(builders.parse(exported[name]))) {
      // With as few values as it takes, and with all.
      for (const count of [build.length, 8]) {
        const need = needOf(query.parse(build(...Array(count).fill('value'))));
        if ('composite' in need) needed.set(need.composite, `${file} ${which}`);
      }
    }
  }
  return needed;
}

/** What no query says: fields without a single-field index, and fields by which Firestore deletes. */
const declared = z.object({
  exempt: z.array(z.object({ collection: z.string(), field: z.string() })).default([]),
  ttl: z.array(z.object({ collection: z.string(), field: z.string() })).default([]),
});

/** indexes.json: composite indexes as the queries need them, the rest as it stands there, in order. */
export function renderIndexes(needed: ReadonlyMap<string, string>, there: string): string {
  const { exempt, ttl } = declared.parse(JSON.parse(there));
  const composite = [...needed.keys()].sort().map((index) => {
    const [collection = '', fields = ''] = index.split(': ');
    const parsed = fields.split(', ').map((field) => {
      const [path = '', order = ''] = field.split(' ');
      return { field_path: path, order };
    });
    return { collection, query_scope: 'COLLECTION', fields: parsed };
  });
  const ordered = (fields: typeof ttl) =>
    fields.toSorted((a, b) => `${a.collection}/${a.field}`.localeCompare(`${b.collection}/${b.field}`, 'en'));
  return `${JSON.stringify({ composite, exempt: ordered(exempt), ttl: ordered(ttl) }, null, 2)}\n`;
}
