import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ROOT } from '../sources.ts';
import type { Code } from './code.ts';
import { at, expression, type Terraform } from './hcl.ts';
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

const declared = z.object({
  composite: z.array(
    z.object({
      collection: z.string(),
      fields: z.array(z.object({ field_path: z.string(), order: z.string() })),
    }),
  ),
});

/** The declared list: what the queries need, and what Terraform makes. */
export function checkIndexes({ indexes }: Code, terraform: Terraform): string[] {
  const list = declared.parse(JSON.parse(terraform.texts.get('indexes.json') ?? '{"composite":[]}'));
  const there = list.composite.map(
    ({ collection, fields }) => `${collection}: ${fields.map((one) => `${one.field_path} ${one.order}`).join(', ')}`,
  );
  return [
    ...[...indexes]
      .filter(([index]) => !there.includes(index))
      .map(([index, query]) => `terraform/indexes.json: add the composite index "${index}", which ${query} needs`),
    ...there
      .filter((index) => !indexes.has(index))
      .map((index) => `terraform/indexes.json: take out the composite index "${index}", which no query needs`),
    ...checkWiring(terraform),
  ];
}

function checkWiring({ modules, resources }: Terraform): string[] {
  const firestore = modules.find(({ name }) => name === 'firestore');
  const made = (type: string) => at(resources.find((one) => one.type === type)?.body, 'for_each');
  const wanted: [string, unknown, string][] = [
    [
      'the declared list',
      at(firestore?.body, 'declared'),
      `jsondecode(file("${expression('path.module')}/indexes.json"))`,
    ],
    ['google_firestore_index', made('google_firestore_index'), 'local.indexes'],
    ['google_firestore_field', made('google_firestore_field'), 'setunion(local.exempt, local.ttl)'],
  ];
  return wanted
    .filter(([, found, text]) => found !== expression(text))
    .map(([what, , text]) => `terraform: ${what} is not what indexes.json says: it must come from ${text}`);
}
