import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openApiDocument } from '#functions/docs/document/openapi.ts';
import { EXAMPLES, NEXT } from '#functions/docs/examples/index.ts';
import { CONTRACT } from '#shared/contract/index.ts';
import { PROBLEMS } from '#shared/http/problem.ts';
import { document, type Loose, operationsOf, walk } from './document.ts';

const routes = Object.values(CONTRACT)
  .flat()
  .filter(({ pageOnly }) => pageOnly !== true);
const operations = operationsOf(document);

describe('the document', () => {
  test('has the routes of the contract and no others', () => {
    const described = operations.map(({ method, path, spec }) => `${spec.operationId} ${method} ${path}`).sort();
    expect(described).toEqual(routes.map(({ id, method, path }) => `${id} ${method} ${path}`).sort());
    expect(new Set(operations.map(({ spec }) => spec.operationId)).size).toBe(routes.length);
  });

  test('says what it is', () => {
    expect(document).toMatchObject({
      openapi: '3.1.1',
      info: { title: 'Countersign API', version: '1', license: { identifier: 'LicenseRef-UNLICENSED' } },
      servers: [{ url: '/' }],
    });
  });

  test('every reference leads somewhere', () => {
    const references = walk(document).flatMap(({ node }) => (typeof node.$ref === 'string' ? [node.$ref] : []));
    expect(references.length).toBeGreaterThan(100);
    const find = (reference: string) =>
      reference
        .slice(2)
        .split('/')
        .reduce((value, name) => Object(value)[name], document);
    expect(references.filter((reference) => find(reference) === undefined)).toEqual([]);
  });

  test('every tag is described, and used', () => {
    const tags = document.tags.map(({ name }: { name: string }) => name);
    expect(new Set(operations.flatMap(({ spec }) => spec.tags))).toEqual(new Set(tags));
  });

  test('a function without a section is refused', () => {
    expect(() => openApiDocument({ unheard: [] })).toThrow(TypeError);
  });
});

describe.each(operations)('$method $path', ({ path, spec }) => {
  const route = routes.find(({ id }) => id === spec.operationId);

  test('declares its path parameters, all of them required', () => {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = (spec.parameters ?? []).filter((one: { in: string }) => one.in === 'path');
    expect(declared.map(({ name, required }: { name: string; required: boolean }) => [name, required])).toEqual(
      inPath.map((name) => [name, true]),
    );
  });

  test('asks for a token exactly when the route does', () => {
    const open = route?.access.includes('anyone') ?? false;
    const names = spec.security.flatMap((one: object) => Object.keys(one));
    expect(names.length === 0).toBe(open);
    expect(names.filter((name: string) => !(name in document.components.securitySchemes))).toEqual([]);
  });

  test('every answer is described, and every problem has its status', () => {
    for (const [status, response] of Object.entries<{ description: string; content?: object }>(spec.responses)) {
      expect(response.description).not.toBe('');
      const problem = Object(response.content)['application/problem+json'];
      if (problem === undefined) continue;
      const codes: string[] = problem.schema.allOf[1].properties.code.enum;
      expect(codes.map((code) => Object(PROBLEMS)[code].status)).toEqual(codes.map(() => Number(status)));
      expect(Object.keys(problem.examples)).toEqual(codes);
    }
    expect(Object.keys(spec.responses).some((status) => status.startsWith('4'))).toBe(true);
    for (const code of route?.errors ?? []) {
      expect(Object.keys(spec.responses)).toContain(String(PROBLEMS[code].status));
    }
  });

  test('has examples, which fit its schemas', () => {
    const examples = Object.entries(EXAMPLES.get(spec.operationId) ?? {});
    expect(examples.length).toBeGreaterThan(0);
    for (const [name, example] of examples) {
      const body = spec.requestBody?.content['application/json'];
      expect(body?.examples[name]?.value).toEqual(example.body);
      if (body !== undefined) expect(z.fromJSONSchema(body.schema).safeParse(example.body).error).toBeUndefined();
      const [content] = Object.values<{ schema: never; examples?: Record<string, { value: unknown }> }>(
        Object(spec.responses[example.status].content),
      );
      if (example.answer === undefined) continue;
      expect(content?.examples?.[name]?.value).toEqual(example.answer);
      expect(content && z.fromJSONSchema(content.schema).safeParse(example.answer).error).toBeUndefined();
    }
  });
});

test("every parameter's example fits its schema", () => {
  const hasExample = (one: object) => 'example' in one;
  const parameters: Loose[] = operations.flatMap(({ spec }) => spec.parameters ?? []).filter(hasExample);
  expect(parameters.length).toBeGreaterThan(10);
  for (const { name, schema, example } of parameters) {
    expect(z.fromJSONSchema(schema).safeParse(example).error, name).toBeUndefined();
  }
});

test('examples and links belong to operations that there are', () => {
  const known = new Set(routes.map(({ id }) => id));
  const linked = Object.entries(NEXT).flatMap(([id, next]) => [
    id,
    ...Object.values(next).map(({ operationId }) => operationId),
  ]);
  expect([...EXAMPLES.keys(), ...linked].filter((id) => !known.has(id))).toEqual([]);
});
