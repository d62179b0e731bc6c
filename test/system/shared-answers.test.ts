import type { Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FUNCTIONS } from '#local/functions.ts';
import { listen, shut } from '#local/listen.ts';
import { CONTRACT } from '#shared/contract/index.ts';
import { useSuite } from './suite.ts';

/** What a cache may give to others must be the same for everybody: every route is asked by two callers that differ. */
const suite = useSuite();
const ORIGIN = 'https://app.example';
const origins = new Map<string, string>();
const servers: { server: Server; close: () => Promise<void> }[] = [];
let keyVersion = '';
let consoleScript = '';

beforeAll(async () => {
  const { stack } = suite;
  for (const { name, create } of FUNCTIONS) {
    const settings = {
      ...stack.environment(name),
      CORS_ORIGINS: `${ORIGIN},https://b.example`,
      CLIENT_IP_HEADER: 'X-Client-Ip',
      STRANGER_LIMIT_PER_HOUR: '25', // before the delays of failure after failure become long
    };
    const running = create(settings, stack.clock, () => undefined);
    servers.push(running);
    origins.set(name, `http://127.0.0.1:${await listen(running.server)}`);
  }
  const { body } = await suite.send('GET', '/api/v1/public-keys');
  keyVersion = body.keys[0].key_version;
  consoleScript = /assets\/(main-\w+\.js)/.exec((await suite.send('GET', '/console')).text)?.[1] ?? '';
});
afterAll(async () => {
  for (const { server, close } of servers) {
    await shut(server);
    await close();
  }
});

/** Who fails too often waits, by the hour. */
beforeEach(() => suite.stack.clock.advance(3_600));

const MARK = 'canary7f3a';
const caller = (id: string): Record<string, string> => ({
  'x-request-id': `${MARK}-${id}`,
  traceparent: `00-${id.repeat(32).slice(0, 32)}-${id.repeat(16).slice(0, 16)}-01`,
  'x-cloud-trace-context': `${id.repeat(32).slice(0, 32)}/1;o=1`,
  cookie: `session=${MARK}-${id}`,
  origin: id === 'a' ? ORIGIN : 'https://b.example',
  referer: `https://${MARK}.example/${id}`,
  authorization: `Bearer ${id === 'a' ? (suite.tokens['owner'] ?? '') : `${MARK}.${id}.x`}`,
  'user-agent': `${MARK}/${id}`,
  'accept-language': id === 'a' ? 'de' : 'en',
  accept: id === 'a' ? '*/*' : 'text/html',
  'idempotency-key': `${MARK}-${id}-0123456789`,
  'countersign-tenant': `${MARK}-${id}`,
  'x-client-ip': id === 'a' ? '203.0.113.7' : '198.51.100.9',
  'x-forwarded-for': id === 'a' ? '203.0.113.7' : '198.51.100.9',
  'x-forwarded-host': `${MARK}-${id}.example`,
  forwarded: `for=${MARK}-${id}`,
});

async function ask(name: string, path: string, headers: Record<string, string>, method = 'GET') {
  const response = await fetch(`${origins.get(name)}${path}`, { method, headers });
  const { date: _, ...rest } = Object.fromEntries(response.headers);
  return { status: response.status, headers: rest, body: await response.text() };
}

const isShared = ({ headers }: { headers: Record<string, string> }) =>
  /(^|,)\s*(public|s-maxage|max-age=[1-9])/.test(headers['cache-control'] ?? '');

/** Paths that name something, for parameters that are in a path. */
const filled = (path: string) =>
  path
    .replace('{key_version}', keyVersion)
    .replace('{file}', path.startsWith('/console') ? consoleScript : 'swagger-ui.css')
    .replace(/\{[^}]+\}/g, 'x');

const routes = Object.entries(CONTRACT).flatMap(([name, list]) =>
  list.filter(({ method }) => method === 'GET').map(({ path }) => [name, path] as const),
);

describe('an answer that caches may keep', () => {
  test('is that of some routes, and of no other than those that anyone may call', async () => {
    const shared = new Set<string>();
    for (const [name, path] of routes) if (isShared(await ask(name, filled(path), caller('a')))) shared.add(path);
    const open = Object.values(CONTRACT).flatMap((list) => list.filter(({ access }) => access.includes('anyone')));
    expect(shared.size).toBeGreaterThanOrEqual(7);
    expect(shared).toContain('/console/assets/{file}');
    for (const path of shared) expect(open.map((route) => route.path)).toContain(path);
  });

  test.each(routes)('%s %s: the same for everybody, and nothing of a caller', async (name, path) => {
    for (const method of ['GET', 'HEAD']) {
      const [one, other, bare] = [
        await ask(name, filled(path), caller('a'), method),
        await ask(name, filled(path), caller('b'), method),
        await ask(name, filled(path), {}, method),
      ];
      if (!isShared(one)) continue;
      expect(other).toEqual(one);
      expect(bare).toEqual(one);
      expect(JSON.stringify(one)).not.toContain(MARK);
      expect(Object.keys(one.headers)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(x-request-id|set-cookie|ratelimit-.*|retry-after)$/)]),
      );
      expect(one.headers['vary'] ?? 'accept-encoding').toMatch(/^accept-encoding$/i);
      const { etag } = one.headers;
      if (etag === undefined) continue;
      const again = [caller('a'), caller('b')].map((headers) =>
        ask(name, filled(path), { ...headers, 'if-none-match': etag }, method),
      );
      const [first, second] = await Promise.all(again);
      expect(first?.status).toBe(304);
      expect(second).toEqual(first);
    }
  });

  test.each([
    ['public-keys', '/api/v1/public-keys/projects.x.pem'],
    ['public-keys', '/nothing'],
    ['docs', '/api/docs/nothing.js'],
  ])('is none that fails: %s %s', async (name, path) => {
    const answer = await ask(name, path, caller('a'));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(isShared(answer)).toBe(false);
    expect(answer.headers['cache-control']).toBe('no-store');
  });
});

describe('a client that sends the header of its address', () => {
  const wrongKey = () => ({ license_key: `CSGN-${crypto.randomUUID()}`, hardware_id: '0'.repeat(32) });
  const acquire = (headers: [string, string][]) =>
    fetch(`${origins.get('seats')}/api/v1/licenses/acquire`, {
      method: 'POST',
      headers: [['content-type', 'application/json'], ...headers],
      body: JSON.stringify(wrongKey()),
    });

  test('gains nothing: the last value counts, which is the load balancer’s', async () => {
    const address = '203.0.113.77';
    const statuses: number[] = [];
    for (let guess = 0; guess < 35 && !statuses.includes(429); guess += 1) {
      const forged = `198.51.100.${guess}`;
      const headers: [string, string][][] = [
        [['X-Client-Ip', `${forged}, ${address}`]],
        [
          ['x-client-IP', forged],
          ['X-CLIENT-IP', address],
        ],
        [
          ['X-Client-Ip', `${forged},${forged}`],
          ['X-Client-Ip', address],
        ],
      ];
      const response = await acquire(headers[guess % headers.length] ?? []);
      statuses.push(response.status);
      await response.body?.cancel();
    }
    expect(statuses).toContain(429);
    expect((await acquire([['X-Client-Ip', address]])).status).toBe(429);
    expect((await acquire([['X-Client-Ip', '203.0.113.78']])).status).toBe(404);
  }, 120_000);
});
