import { describe, expect, it } from 'vitest';
import { createCors } from '#shared/http/cors.ts';
import type { Route } from '#shared/http/route.ts';
import { commonConfig, readConfig } from '#shared/model/config.ts';
import { serveFunction } from './serve-function.ts';

const APP = 'https://app.example.com';
const route = (access: Route['access'], publicCors = false): Route => ({
  id: 'x',
  method: 'PATCH',
  path: '/x',
  access,
  summary: 'x',
  responses: {},
  publicCors,
});

describe('createCors', () => {
  const cors = createCors([APP]);

  it('opens the routes of users to the origins that are listed, to the letter', () => {
    expect(cors.headersFor(route(['service:urls', 'member']), APP)).toEqual({
      'access-control-allow-origin': APP,
      'access-control-expose-headers':
        'date, link, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, x-request-id',
      vary: 'origin',
    });
    for (const origin of [
      `${APP}.evil.example`,
      `${APP}:443`,
      'http://app.example.com',
      `${APP}/`,
      'null',
      undefined,
    ]) {
      expect(cors.headersFor(route(['staff']), origin)).toEqual({ vary: 'origin' });
      expect(cors.preflight(route(['staff']), origin)).toBe(undefined);
    }
  });

  it.each([[['service:sign']], [['scheduler']], [['anyone']]] as const)('leaves routes of %j closed', (access) => {
    expect(cors.headersFor(route(access), APP)).toEqual({});
    expect(cors.preflight(route(access), APP)).toBe(undefined);
  });

  it('opens the routes of seats to the origins that are listed, and to no other', () => {
    const seats = { ...route(['anyone']), listedCors: true };
    expect(cors.headersFor(seats, APP)).toMatchObject({ 'access-control-allow-origin': APP, vary: 'origin' });
    expect(cors.preflight(seats, APP)?.headers).not.toHaveProperty('access-control-allow-credentials');
    expect(cors.headersFor(seats, 'https://other.example')).toEqual({ vary: 'origin' });
    expect(createCors([]).preflight(seats, APP)).toBe(undefined);
  });

  it('opens public routes to everybody, without a token', () => {
    expect(createCors([]).preflight(route(['anyone'], true), 'https://a.example')).toEqual({
      status: 204,
      headers: {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'PATCH',
        'access-control-allow-headers': 'content-type, if-none-match, x-request-id',
        'access-control-max-age': '7200',
      },
    });
  });

  it('opens nothing else when no origin is configured', () => {
    expect(createCors([]).headersFor(route(['owner']), APP)).toEqual({});
    expect(createCors([]).preflight(route(['owner']), APP)).toBe(undefined);
  });
});

describe('a function with an origin configured', () => {
  const preflight = (origin: string) => ({
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
  });

  it('answers the preflight of that origin alone', async () => {
    const { call } = await serveFunction([APP]);
    const allowed = await call('/mine', preflight(APP));
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(APP);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(allowed.headers.get('access-control-allow-credentials')).toBe(null);
    const refused = await call('/mine', preflight('https://evil.example'));
    expect(refused.status).toBe(405);
    expect(refused.headers.get('access-control-allow-origin')).toBe(null);
  });

  it('lets its pages read refusals too', async () => {
    const { call } = await serveFunction([APP]);
    const { status, headers } = await call('/mine', { headers: { origin: APP } });
    expect([status, headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([401, APP, 'origin']);
  });
});

describe('CORS_ORIGINS', () => {
  const read = (CORS_ORIGINS?: string) =>
    readConfig(commonConfig, { PROJECT_ID: 'p', SERVICE_AUDIENCE: 'a', CORS_ORIGINS }).CORS_ORIGINS;

  it('is a list of origins, by default an empty one', () => {
    expect(read()).toEqual([]);
    expect(read('')).toEqual([]);
    expect(read(`${APP}, http://localhost:5173`)).toEqual([APP, 'http://localhost:5173']);
  });

  it.each(['*', 'app.example.com', `${APP}/`, 'https://App.example.com', `${APP}:443`, 'null'])(
    'refuses %s',
    (text) => {
      expect(() => read(text)).toThrow('CORS_ORIGINS');
    },
  );
});
