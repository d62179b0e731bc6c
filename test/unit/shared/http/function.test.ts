import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { FUNCTIONS } from '#local/functions.ts';
import { defineFunction } from '#shared/http/function.ts';
import { defineRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { Access } from '#shared/model/principal.ts';

const ENVIRONMENT = {
  PROJECT_ID: 'p',
  SERVICE_AUDIENCE: 'https://api.example',
  USER_JWKS_URL: 'http://127.0.0.1:1/',
  SERVICE_JWKS_URL: 'http://127.0.0.1:1/',
};
const counter = { add: async () => [1] };

const nameOf = (access: Access) => `f-${access.replace(':', '-')}`;

function start(access: Access, composition: { readonly counter?: typeof counter }) {
  const route = defineRoute({
    id: 'r',
    method: 'GET',
    path: '/r',
    access: [access],
    summary: 'A route',
    responses: {},
  });
  const routes = [bind(route, () => ({ status: 200 }))];
  const definition = {
    name: nameOf(access),
    config: z.object({}),
    compose: () => ({ routes, close: async () => undefined, ...composition }),
  };
  return defineFunction(definition).create(ENVIRONMENT, { now: () => 0 });
}

describe('a function', () => {
  it.each<Access>(['user', 'staff', 'owner', 'guest', 'service:tasks', 'service:urls'])(
    'that admits %s does not start without a counter of requests',
    (access) => {
      expect(() => start(access, {})).toThrow(TypeError);
      expect(start(access, { counter }).name).toBe(nameOf(access));
    },
  );

  it.each<Access>(['anyone', 'scheduler'])('that admits %s needs none', (access) => {
    expect(start(access, {}).name).toBe(nameOf(access));
  });

  it('is every one that is deployed', () => {
    expect(FUNCTIONS.length).toBeGreaterThan(8);
  });
});
