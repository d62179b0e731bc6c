import type { Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createAuthorise } from '#shared/http/authorise.ts';
import { createCors } from '#shared/http/cors.ts';
import type { BoundRoute, HttpResponse, Route } from '#shared/http/route.ts';
import { createFunctionServer } from '#shared/http/server.ts';
import { createLimits } from '#shared/limits/limits.ts';
import { createLogger } from '#shared/logging/cloud-logging.ts';
import { systemClock } from '#shared/model/clock.ts';
import { silentLogger } from '#shared/model/logger.ts';

const answer: HttpResponse = {
  status: 200,
  headers: { etag: '"1"', 'cache-control': 'public', 'content-type': 'text/plain' },
  body: 'ready é',
};

const route: Route = {
  id: 'thing',
  method: 'GET',
  path: '/things/{id}',
  access: ['anyone'],
  summary: 'A route of a test',
  publicCors: true,
  responses: { 200: { description: 'Done' } },
};

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

let served = 0;

/** A route that has its answer ready for the thing `ready` and works out the others. */
async function serve(bound: Partial<BoundRoute> & { readonly route: Route } = { route }) {
  const lines: string[] = [];
  let handled = 0;
  served += 1;
  const server = createFunctionServer({
    name: `cached-${served}`,
    routes: [
      {
        handle: async () => {
          handled += 1;
          return answer;
        },
        cached: ({ params }) => (params['id'] === 'ready' ? answer : undefined),
        ...bound,
      },
    ],
    authorise: createAuthorise({
      people: undefined,
      staff: { secondFactor: 'required', maxAge: 3_600_000 },
      clock: systemClock,
    }),
    authenticate: async () => ({ kind: 'scheduler', email: 's@p.example' }),
    log: createLogger(`cached-${served}`, (line) => lines.push(line)),
    sink: (line) => lines.push(line),
    projectId: 'p',
    limits: createLimits({
      counter: undefined,
      clock: systemClock,
      log: silentLogger,
      callerLimit: 100,
      strangerLimit: 100,
    }),
    cors: createCors([]),
    clientIpHeader: 'x-client',
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const call = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, init);
  return { call, lines: () => lines.map((line) => JSON.parse(line)), handled: () => handled };
}

describe('createCachedResponses', () => {
  it('answers as the ordinary way does, without it', async () => {
    const { call, handled } = await serve();
    const headers = { 'x-request-id': 'r' };
    const [ready, worked] = [await call('/things/ready', { headers }), await call('/things/other', { headers })];
    expect(handled()).toBe(1);
    expect(await ready.text()).toBe('ready é');
    const untimed = (response: Response) =>
      Object.fromEntries([...response.headers].filter(([name]) => name !== 'date'));
    expect(untimed(ready)).toEqual(untimed(worked));
    expect(ready.headers.get('access-control-allow-origin')).toBe('*');
    expect(ready.headers.get('content-length')).toBe('8');
  });

  it('answers HEAD without a body', async () => {
    const { call, handled } = await serve();
    const head = await call('/things/ready', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '8', '']);
    expect(handled()).toBe(0);
  });

  it('leaves the same line in the log', async () => {
    const { call, lines } = await serve();
    const headers = {
      'x-request-id': 'r',
      'x-client': 'a"b',
      'user-agent': 'u"\\',
      traceparent: `00-${'a'.repeat(32)}-b`,
    };
    await call('/things/ready', { headers });
    await call('/things/other', { headers });
    await expect.poll(() => lines().length).toBe(2);
    const [ready, worked] = lines().map(({ time, httpRequest: { latency, requestUrl, ...request }, ...rest }) => {
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
      expect(latency).toMatch(/^\d+\.\d{4}s$/);
      return { requestUrl, rest: { ...rest, request } };
    });
    expect(ready?.rest).toEqual(worked?.rest);
    expect([ready?.requestUrl, worked?.requestUrl]).toEqual(['/things/ready', '/things/other']);
  });

  it.each(['/things/ready?', '/things/ready?a=1'])('leaves %s to the ordinary way', async (path) => {
    const { call, handled } = await serve();
    expect((await call(path)).status).toBe(200);
    expect(handled()).toBe(1);
  });

  it('refuses at once to stand before a route that is not for anyone', async () => {
    await expect(serve({ route: { ...route, access: ['scheduler'] } })).rejects.toThrow(TypeError);
  });
});
