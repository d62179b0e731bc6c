import { openApiDocument } from '#functions/docs/document/openapi.ts';
import { CONTRACT } from '#shared/contract/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into a document of many shapes and assert what they find
export type Loose = any;

/** The document as a client gets it. */
export const document: Loose = JSON.parse(JSON.stringify(openApiDocument(CONTRACT)));

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly spec: Loose;
}

/** Every operation of a document. */
export const operationsOf = (from: Loose): Operation[] =>
  Object.entries(from.paths).flatMap(([path, item]) =>
    Object.entries(Object(item)).map(([method, spec]) => ({ method: method.toUpperCase(), path, spec })),
  );

/** Every object within a value, with where it is. */
export function walk(value: unknown, path = '#'): { readonly path: string; readonly node: Loose }[] {
  if (typeof value !== 'object' || value === null) return [];
  const children = Object.entries(value).flatMap(([name, child]) => walk(child, `${path}/${name}`));
  return [{ path, node: value }, ...children];
}
