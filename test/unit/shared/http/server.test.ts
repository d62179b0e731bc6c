import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { sendRaw } from './raw-http.ts';
import { BODY_LIMIT, SECRET, serveFunction } from './serve-function.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
/** A body of exactly this many bytes. */
const sized = (bytes: number) => `{"text":"${'a'.repeat(bytes - 11)}"}`;
const get = (path: string, ...headers: readonly string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', ''].join('\r\n');

const problemBody = z.looseObject({ status: z.number(), code: z.string(), request_id: z.string() });

/** The answer as a problem, whose members agree with its headers. */
async function problemOf(response: Response) {
  const problem = problemBody.parse(await response.json());
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(problem.status).toBe(response.status);
  expect(problem.request_id).toBe(response.headers.get('x-request-id'));
  return { status: response.status, code: problem.code, errors: problem['errors'] };
}

describe('createFunctionServer answers', () => {
  it('with what the handler says', async () => {
    const { call } = await serveFunction();
    const response = await call('/echo', json({ text: 'é😀' }));
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ text: 'é😀' });
    expect(Object.fromEntries(response.headers)).toEqual({
      'cache-control': 'no-store',
      connection: 'keep-alive',
      'content-length': String(Buffer.byteLength('{"text":"é😀"}')),
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-type': 'application/json',
      date: expect.any(String),
      'keep-alive': expect.any(String),
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=63072000',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(UUID),
    });
  });

  it('with text and headers of its own', async () => {
    const { call } = await serveFunction();
    const response = await call('/pem');
    expect(await response.text()).toBe('PEM é');
    expect(response.headers.get('content-type')).toBe('application/x-pem-file');
    expect(response.headers.get('cache-control')).toBe('public, max-age=60');
    expect(response.headers.get('content-length')).toBe('6');
  });

  it('204 without a body', async () => {
    const { call } = await serveFunction();
    const response = await call('/nothing', { method: 'DELETE' });
    expect(response.status).toBe(204);
    expect(response.headers.get('content-type')).toBe(null);
    expect(await response.text()).toBe('');
  });

  it('HEAD with the headers of GET and no body', async () => {
    const { call, port } = await serveFunction();
    const [head, whole] = [await call('/echo', { method: 'HEAD' }), await call('/echo')];
    expect(head.status).toBe(200);
    for (const name of ['content-type', 'content-length', 'etag', 'cache-control']) {
      expect(head.headers.get(name)).toBe(whole.headers.get(name));
    }
    const raw = await sendRaw(port, get('/echo').replace('GET', 'HEAD'));
    expect(raw.body).toBe('');
    const missing = await sendRaw(port, get('/none').replace('GET', 'HEAD'));
    expect(missing).toMatchObject({ status: 404, body: '' });
  });

  it('with or without a trailing slash', async () => {
    const { call } = await serveFunction();
    expect(await (await call('/things/abc/')).json()).toEqual({ id: 'abc', kind: 'anyone' });
    expect((await call('/echo/', json({ text: '' }))).status).toBe(201);
  });

  it('health, whatever its routes are', async () => {
    const { call } = await serveFunction();
    for (const path of ['/health', '/health/', '/health?x=1']) {
      const response = await call(path);
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ status: 'ok' });
    }
    expect((await call('/health', { method: 'HEAD' })).status).toBe(200);
    expect((await call('/health', { method: 'POST' })).status).toBe(404);
  });

  it('many requests on one connection, also after one it refused', async () => {
    const { port } = await serveFunction();
    const post = (body: string) =>
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const { status, body } = await sendRaw(
      port,
      post('{"text":"1"}'),
      post('{"text":'),
      post('{"text":"3"}'),
      get('/things/abc'),
    );
    expect(status).toBe(201);
    expect(body.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 201', 'HTTP/1.1 200']);
  });

  it('without saying what it is made of', async () => {
    const { call } = await serveFunction();
    for (const path of ['/echo', '/none', '/broken', '/health']) {
      const { headers } = await call(path);
      for (const name of ['x-powered-by', 'server', 'x-http-framework']) expect(headers.get(name)).toBe(null);
    }
  });
});

describe('createFunctionServer refuses', () => {
  it.each([
    ['/none'],
    ['/'],
    ['/things/%ff'],
    ['/things/%'],
    ['/things/ABC'],
    ['/things/a%2fb'],
    ['/things/../none'],
    ['/%00'],
  ])('%s as not found', async (path) => {
    const { call } = await serveFunction();
    expect(await problemOf(await call(path))).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('another method, and names those there are', async () => {
    const { call } = await serveFunction();
    for (const method of ['DELETE', 'PUT', 'OPTIONS']) {
      const response = await call('/echo', { method });
      expect(response.headers.get('allow')).toBe('GET, HEAD, POST');
      expect(await problemOf(response)).toMatchObject({ status: 405, code: 'method_not_allowed' });
    }
  });

  it.each([
    ['{"text":', 'text'],
    ['', ''],
    ['{"text":"a","text":"b"}', 'text'],
    ['{"text":1}', 'text'],
    ['{"text":"a","more":1}', 'more'],
    ['null', ''],
  ])('the body %j with the path', async (body, path) => {
    const { call } = await serveFunction();
    expect(await problemOf(await call('/echo', json(body)))).toEqual({
      status: 400,
      code: 'invalid_request',
      errors: [{ path, message: expect.any(String) }],
    });
  });

  it('a body of another type or charset', async () => {
    const { call } = await serveFunction();
    for (const type of ['text/html', 'application/json; charset=latin1', 'application/json; charset=bogus']) {
      const init = { method: 'POST', headers: { 'content-type': type }, body: '{"text":"a"}' };
      expect(await problemOf(await call('/echo', init))).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    }
  });

  it('a body one byte beyond the limit, and takes one just at it', async () => {
    const { call } = await serveFunction();
    expect((await call('/echo', json(sized(BODY_LIMIT)))).status).toBe(201);
    expect(await problemOf(await call('/echo', json(sized(BODY_LIMIT + 1))))).toMatchObject({
      status: 413,
      code: 'payload_too_large',
    });
  });

  it('a query that does not fit', async () => {
    const { call } = await serveFunction();
    expect(await (await call('/search?q=%C3%BC+1%26')).json()).toEqual({ q: 'ü 1&' });
    expect(await problemOf(await call('/search?limit=1'))).toMatchObject({ code: 'invalid_request' });
  });

  it('a caller without a token, and one who may not', async () => {
    const { call } = await serveFunction();
    const anonymous = await call('/mine');
    expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');
    expect(await problemOf(anonymous)).toMatchObject({ status: 401, code: 'unauthenticated' });
    const scheduler = await call('/mine', { headers: { authorization: 'Bearer scheduler-token' } });
    expect(await problemOf(scheduler)).toMatchObject({ status: 403, code: 'forbidden' });
    const service = await call('/mine', { headers: { authorization: 'Bearer service-token' } });
    expect(await service.json()).toEqual({ principal: { kind: 'service', email: 's@p.example', scopes: ['sign'] } });
  });

  it('what it did not foresee, and tells nothing of it', async () => {
    const { call } = await serveFunction();
    const response = await call('/broken');
    expect(await response.clone().text()).not.toContain(SECRET);
    expect(await problemOf(response)).toMatchObject({ status: 500, code: 'internal' });
  });

  it('what a dependency refuses, and says when to come back', async () => {
    const { call } = await serveFunction();
    const response = await call('/later');
    expect(response.headers.get('retry-after')).toBe('9');
    expect(await response.clone().text()).not.toContain(SECRET);
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'signing_unavailable' });
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['a TLS greeting', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000', 400],
    ['a header without a colon', get('/echo', 'nonsense'), 400],
    ['two lengths', get('/echo', 'Content-Length: 1', 'Content-Length: 2'), 400],
    ['a length and chunks', get('/echo', 'Content-Length: 1', 'Transfer-Encoding: chunked'), 400],
    ['no host', 'GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['headers without end', get('/echo', `X: ${'a'.repeat(20_000)}`), 431],
  ])('%s, without a word of HTML', async (_name, text, status) => {
    const { port, lines } = await serveFunction();
    const answer = await sendRaw(port, Buffer.from(text, 'latin1'));
    expect(answer.status).toBe(status);
    // Node sends an empty body, with or without a last chunk.
    expect(['', '0\r\n\r\n']).toContain(answer.body);
    expect(lines).toEqual([]);
  });

  it('addresses that no client would write', async () => {
    const { port } = await serveFunction();
    for (const path of ['*', 'http://other/echo/x', '//echo', '/echo%', '/echo/../echo', '/%ff']) {
      const { status, headers } = await sendRaw(port, get(path));
      expect([status, headers['content-type']]).toEqual([404, 'application/problem+json']);
    }
  });
});

describe('the request id', () => {
  it.each([['abc-1'], ['a'], ['A.b_c:d-9'], ['x'.repeat(128)]])('is the caller’s: %s', async (id) => {
    const { call, lines } = await serveFunction();
    const response = await call('/none', { headers: { 'x-request-id': id } });
    expect(response.headers.get('x-request-id')).toBe(id);
    expect(await response.json()).toMatchObject({ request_id: id });
    expect(lines.map((line) => JSON.parse(line).request_id)).toEqual([id]);
  });

  it.each([[''], ['a b'], ['x'.repeat(129)], ['<script>'], ['"'], ['a,b'], ['é']])(
    'is ours instead of %j',
    async (id) => {
      const { call } = await serveFunction();
      const response = await call('/health', { headers: { 'x-request-id': id } });
      expect(response.headers.get('x-request-id')).toMatch(UUID);
    },
  );

  it('is another one for each request', async () => {
    const { call } = await serveFunction();
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await call('/health')).headers.get('x-request-id')),
    );
    expect(new Set(ids).size).toBe(20);
  });
});

describe('the log', () => {
  it('has one line a request, with what Cloud Logging reads', async () => {
    const { call, lines } = await serveFunction();
    const trace = '0123456789abcdef0123456789abcdef';
    const headers = { 'x-cloud-trace-context': `${trace}/1;o=1`, 'x-request-id': 'r-1', 'user-agent': 'test/1' };
    await (await call('/things/abc?key=value', { headers })).text();
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        severity: 'INFO',
        message: 'request',
        principal: expect.stringMatching(/^(none|service:|user:)/),
        time: expect.any(String),
        'logging.googleapis.com/labels': { service: expect.stringMatching(/^test-\d+$/) },
        'logging.googleapis.com/trace': `projects/p/traces/${trace}`,
        request_id: 'r-1',
        httpRequest: expect.objectContaining({
          requestMethod: 'GET',
          requestUrl: '/things/abc',
          status: 200,
          userAgent: 'test/1',
          latency: expect.stringMatching(/^\d+\.\d{4}s$/),
        }),
      },
    ]);
  });

  it('says what went wrong to those who run it', async () => {
    const { call, lines } = await serveFunction();
    await (await call('/broken')).text();
    const [line] = lines.map((text) => JSON.parse(text));
    expect(line).toMatchObject({ severity: 'ERROR', httpRequest: { status: 500 }, error: { message: SECRET } });
    expect(line.error.cause.message).toBe(`${SECRET} below`);
  });

  it('is INFO for a fault of the caller’s and ERROR for one of ours', async () => {
    const { call, lines } = await serveFunction();
    await (await call('/none')).text();
    await (await call('/later')).text();
    expect(lines.map((line) => JSON.parse(line)).map(({ severity, error }) => [severity, error.code])).toEqual([
      ['INFO', 'not_found'],
      ['ERROR', 'signing_unavailable'],
    ]);
  });

  it('holds no token, no query and no body', async () => {
    const { call, lines } = await serveFunction();
    const headers = { authorization: 'Bearer service-token', cookie: 'session=cookie-value' };
    await (await call('/mine?token=query-value', { headers })).text();
    await (await call('/mine', { headers: { authorization: 'Bearer wrong-token' } })).text();
    await (await call('/broken', { headers })).text();
    await (await call('/echo', { ...json({ text: 'body-value', more: 1 }) })).text();
    expect(lines.length).toBe(4);
    expect(lines.join('\n')).not.toMatch(
      /service-token|wrong-token|cookie-value|query-value|body-value|authorization/i,
    );
  });
});
