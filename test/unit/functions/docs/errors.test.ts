import { expect, test } from 'vitest';
import * as z from 'zod';
import { errorsOf } from '#functions/docs/document/errors.ts';
import { defineRoute } from '#shared/http/route.ts';

const base = { id: 'x', path: '/x', summary: 'x', responses: { 200: { description: 'x' } } };

test('what anyone may read is not refused', () => {
  const route = defineRoute({ ...base, method: 'GET', access: ['anyone'] });
  expect([...errorsOf(route)]).toEqual([[500, ['internal']]]);
});

test('a body, a parameter and a token each add their codes; own ones share their status', () => {
  const route = defineRoute({
    ...base,
    method: 'POST',
    access: ['owner'],
    params: z.object({ x: z.string() }),
    body: z.strictObject({}),
    errors: ['license_suspended', 'license_not_found', 'dependency_unavailable'],
  });
  expect([...errorsOf(route)]).toEqual([
    [400, ['invalid_request']],
    [401, ['unauthenticated']],
    [403, ['forbidden', 'license_suspended']],
    [404, ['not_found', 'license_not_found']],
    [413, ['payload_too_large']],
    [415, ['unsupported_media_type']],
    [429, ['rate_limited']],
    [500, ['internal']],
    [503, ['dependency_unavailable']],
  ]);
});
