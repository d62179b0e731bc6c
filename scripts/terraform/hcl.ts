import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as z from 'zod';

/** One resource or module call. */
export interface Block {
  /** Relative to terraform/. */
  readonly file: string;
  readonly type: string;
  readonly name: string;
  readonly body: unknown;
}

/** Terraform's configuration as data; expressions are strings of the form `${…}`. */
export interface Terraform {
  readonly texts: ReadonlyMap<string, string>;
  readonly resources: readonly Block[];
  readonly modules: readonly Block[];
  /** Of the root module. */
  readonly locals: Readonly<Record<string, unknown>>;
  readonly variables: readonly string[];
}

// Its types need the browser's, which this project does not include, so it is loaded without types.
const { parse } = z
  .object({ parse: z.custom<(file: string, text: string) => Promise<unknown>>((value) => typeof value === 'function') })
  .parse(createRequire(import.meta.url)('@cdktf/hcl2json'));

const named = z.record(z.string(), z.array(z.unknown()));
const document = z.object({
  resource: z.record(z.string(), named).default({}),
  module: named.default({}),
  locals: z.array(z.record(z.string(), z.unknown())).default([]),
  variable: z.record(z.string(), z.unknown()).default({}),
});

/** Every file of terraform/ that says something, by its path there. */
export function readTexts(folder: string): Map<string, string> {
  const files = globSync(['**/*.{tf,tfvars,json}'], { cwd: folder, exclude: ['**/.terraform/**'] }).sort();
  return new Map(files.map((file) => [file.replaceAll('\\', '/'), readFileSync(join(folder, file), 'utf8')]));
}

/**
 * Reads Terraform's files. One reader parses the same text once, however often it is asked.
 * @throws Error naming the file that is not HCL
 */
export function createReader(): (texts: ReadonlyMap<string, string>) => Promise<Terraform> {
  const known = new Map<string, Promise<z.output<typeof document>>>();
  const read = (file: string, text: string) => {
    const tree = known.get(text) ?? parse(file, text).then((value) => document.parse(value));
    known.set(text, tree);
    return tree;
  };
  return async (texts) => {
    const files = [...texts].filter(([file]) => file.endsWith('.tf'));
    const parsed = await Promise.all(files.map(async ([file, text]) => ({ file, tree: await read(file, text) })));
    const inRoot = parsed.filter(({ file }) => !file.includes('/'));
    return {
      texts,
      resources: parsed.flatMap(({ file, tree }) =>
        Object.entries(tree.resource).flatMap(([type, ones]) => blocks(file, type, ones)),
      ),
      modules: parsed.flatMap(({ file, tree }) => blocks(file, 'module', tree.module)),
      locals: Object.assign({}, ...inRoot.flatMap(({ tree }) => tree.locals)),
      variables: inRoot.flatMap(({ tree }) => Object.keys(tree.variable)),
    };
  };
}

const blocks = (file: string, type: string, ones: Readonly<Record<string, readonly unknown[]>>): Block[] =>
  Object.entries(ones).map(([name, [body]]) => ({ file, type, name, body }));

/** The variables of a tfvars file. */
export async function readVariables(file: string, text: string): Promise<string[]> {
  return Object.keys(z.record(z.string(), z.unknown()).parse(await parse(file, text)));
}

/** What is found by going down; a block that may be repeated is its first. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  const [head, ...rest] = path;
  const here = Array.isArray(value) ? value[0] : value;
  if (head === undefined) return value;
  return typeof here === 'object' && here !== null ? at(Reflect.get(here, head), ...rest) : undefined;
}

/** The members of an object; none when it is something else, such as an expression. */
export const members = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
