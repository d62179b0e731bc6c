import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineRoute, type HandlerInput, type HttpResponse } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { Fault, invalid } from '#shared/model/errors.ts';
import { silentLogger } from '#shared/model/logger.ts';

const route = defineRoute({
  id: 'update',
  method: 'PATCH',
  path: '/things/{id}',
  access: ['anyone'],
  summary: 'Update',
  params: z.object({ id: z.string().regex(/^[a-z]+$/) }),
  query: z.strictObject({ limit: z.coerce.number().int().max(100).default(20) }),
  body: z.strictObject({
    name: z.string().min(1),
    tags: z.array(z.strictObject({ key: z.string() })).optional(),
    secret: z.string().max(3).optional(),
  }),
  responses: { 200: { description: 'Done' } },
});

const input: HandlerInput<unknown, unknown, unknown> = {
  params: { id: 'abc' },
  query: {},
  body: { name: 'n' },
  inexact: ['name'],
  principal: { kind: 'anyone' },
  headers: {},
  requestId: 'r',
  clientIp: '127.0.0.1',
  setHeaders: () => undefined,
  signal: new AbortController().signal,
  log: silentLogger,
};

/** The signal is made when it is asked for. */
const allOf = (given: HandlerInput<unknown, unknown, unknown>) => ({ ...given, signal: given.signal });

/** What the handler was given, or the fault that kept it from running. */
async function handle(change: Partial<typeof input>) {
  const given: unknown[] = [];
  const bound = bind(route, (parsed): HttpResponse => {
    given.push(allOf(parsed));
    return { status: 200 };
  });
  try {
    await bound.handle({ ...input, ...change });
  } catch (error) {
    expect(given).toEqual([]);
    if (error instanceof Fault) return { code: error.code, errors: error.errors, detail: error.message };
    throw error;
  }
  return given[0];
}

describe('bind', () => {
  it('hands the handler what the schemas made of the request, and the rest as it was', async () => {
    expect(await handle({ query: { limit: '7' } })).toEqual({ ...input, query: { limit: 7 } });
    expect(await handle({})).toEqual({ ...input, query: { limit: 20 } });
  });

  it('answers 404 for a malformed path parameter', async () => {
    expect(await handle({ params: { id: 'A1' } })).toEqual({
      code: 'not_found',
      errors: undefined,
      detail: 'A parameter in the path names nothing.',
    });
  });

  it('lists every fault of the body with its path, each unknown member for itself', async () => {
    const body = { name: '', tags: [{ key: 'a' }, { key: 1, extra: 1 }], other: 1, more: 2 };
    const refusal = await handle({ body });
    expect(refusal).toMatchObject({ code: 'invalid_request' });
    const { errors } = z
      .object({ errors: z.array(z.object({ path: z.string(), message: z.string() })) })
      .parse(refusal);
    expect(errors.map(({ path }) => path).sort()).toEqual(['more', 'name', 'other', 'tags.1.extra', 'tags.1.key']);
  });

  it.each([[undefined], [null], ['text'], [[]], [1]])('refuses the body %o as a whole', async (body) => {
    expect(await handle({ body })).toMatchObject({ code: 'invalid_request', errors: [{ path: '' }] });
  });

  it('refuses a query that does not fit', async () => {
    expect(await handle({ query: { limit: 'many' } })).toMatchObject({ errors: [{ path: 'limit' }] });
    expect(await handle({ query: { cursor: 'x' } })).toMatchObject({ errors: [{ path: 'cursor' }] });
  });

  it('does not repeat what it refuses', async () => {
    const refusal = await handle({ body: { name: 'n', secret: 'hunter2' } });
    expect(refusal).toMatchObject({ errors: [{ path: 'secret' }] });
    expect(JSON.stringify(refusal)).not.toContain('hunter2');
  });

  it('hands on nothing where the route declares nothing', async () => {
    const { params: _params, query: _query, body: _body, ...bare } = route;
    let given: unknown;
    const bound = bind(defineRoute(bare), (parsed) => {
      given = allOf(parsed);
      return { status: 204 };
    });
    expect(await bound.handle(input)).toEqual({ status: 204 });
    expect(given).toEqual({ ...input, params: undefined, query: undefined, body: undefined });
  });
});

describe('invalid', () => {
  it('names the first fault in its detail and counts the others', () => {
    const error = (path: string) => ({ path, message: 'is wrong' });
    expect(invalid([error('a.b')]).message).toBe('a.b: is wrong');
    expect(invalid([error('')]).message).toBe('The body: is wrong');
    expect(invalid([error('a'), error('b'), error('c')]).message).toBe('a: is wrong (and 2 more)');
    expect(invalid([]).code).toBe('invalid_request');
  });
});
