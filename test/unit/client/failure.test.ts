import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createSeatApi, fetchPost } from '../../../client/src/seat/api.ts';
import { failureOf } from '../../../client/src/seat/failure.ts';

const servers: { close(): void }[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

type Listening = { close(): void; listen(port: number, host: string, done: () => void): unknown; address(): unknown };
async function listen<S extends Listening>(server: S): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a text
  return port;
}

const ask = async (url: string, timeout = 5_000) => {
  const setTimer = (callback: () => void, milliseconds: number) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  };
  return createSeatApi(
    fetchPost(url, (to, init) => fetch(to, init), setTimer, timeout),
    'p',
  ).acquire({});
};

const answering = async (status: number, body: string, headers: Record<string, string> = {}) => {
  const port = await listen(createHttpServer((_request, response) => response.writeHead(status, headers).end(body)));
  return ask(`http://127.0.0.1:${port}`);
};

function certificate(...more: string[]): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    '-subj',
    '/CN=other.example',
  ];
  execFileSync('openssl', [...args, ...more], { stdio: 'ignore' });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

describe('each cause has a code and a sentence of its own', () => {
  test('nothing listens', async () => {
    const port = await listen(createTcpServer());
    for (const server of servers.splice(0))
      await new Promise<void>((done) => {
        server.close();
        setImmediate(done);
      });
    expect(await ask(`http://127.0.0.1:${port}`)).toMatchObject({ code: 'connection_refused' });
  });

  test('no such name', async () => {
    const cause = new TypeError('fetch failed', {
      cause: Object.assign(new Error('getaddrinfo'), { code: 'EAI_AGAIN' }),
    });
    expect(failureOf(cause)).toMatchObject({ code: 'dns_failed', cause });
  });

  test('silence', async () => {
    const port = await listen(createTcpServer(() => {}));
    expect(await ask(`http://127.0.0.1:${port}`, 200)).toMatchObject({ code: 'timed_out' });
  });

  test('a connection that breaks off', async () => {
    const port = await listen(createTcpServer((socket) => socket.on('data', () => socket.destroy())));
    expect(await ask(`http://127.0.0.1:${port}`)).toMatchObject({ code: 'connection_lost' });
  });

  test('plain HTTP where TLS is meant', async () => {
    const port = await listen(createHttpServer((_request, response) => response.end()));
    expect(await ask(`https://127.0.0.1:${port}`)).toMatchObject({ code: 'tls_failed' });
  });

  test('a certificate of another authority', async () => {
    const port = await listen(createTlsServer(certificate('-days', '30')));
    expect(await ask(`https://127.0.0.1:${port}`)).toMatchObject({ code: 'certificate_rejected' });
  });

  test.each(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'])('a clock that is wrong (%s)', (code) => {
    const failure = failureOf(new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) }));
    expect(failure.code).toBe('certificate_date');
    expect(failure.message).toContain('clock');
  });

  test.each([
    [429, '{"code":"rate_limited"}', { 'retry-after': '90' }, 'rate_limited'],
    [429, '<h1>slow down</h1>', {}, 'rate_limited'],
    [503, '{"code":"signing_unavailable"}', {}, 'signing_unavailable'],
    [500, '{"code":"internal"}', {}, 'server_failed'],
    [200, '<html>Sign in to the hotel</html>', {}, 'not_a_license_server'],
    [404, 'no route', {}, 'not_a_license_server'],
    [404, '{"code":"not_found"}', {}, 'not_a_license_server'],
    [502, '<html>bad gateway</html>', {}, 'proxy_failed'],
  ])('an answer %s %s', async (status, body, headers, code) => {
    expect(await answering(status, body, headers)).toMatchObject({ kind: 'unavailable', code });
  });

  test('Retry-After in seconds, and as a date', async () => {
    expect(await answering(429, '', { 'retry-after': '90' })).toMatchObject({ retryAfter: 90_000 });
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const { retryAfter } = (await answering(503, '{"code":"x"}', { 'retry-after': date })) as { retryAfter: number };
    expect(Math.abs(retryAfter - 3_600_000)).toBeLessThan(60_000);
  });

  const waits: readonly (readonly [string, number | undefined])[] = [
    ['315360000', 3_600_000],
    ['9'.repeat(400), 3_600_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 3_600_000],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['-5', 0],
    ['0', 0],
    ...['NaN', 'Infinity', '1e9', '0x10', 'soon', ''].map((text) => [text, undefined] as const),
  ];
  test.each(waits)('a Retry-After of %s is kept for %s ms', async (text, retryAfter) => {
    const answer = await answering(503, '{"code":"dependency_unavailable"}', { 'retry-after': text });
    expect(answer).toMatchObject({ code: 'server_failed', retryAfter });
  });

  test.each([
    [
      'Deno',
      'error sending request for url (http://x/): client error (Connect): invalid peer certificate: UnknownIssuer',
      'certificate_rejected',
    ],
    [
      'Deno',
      'error sending request: client error (Connect): dns error: failed to lookup address information',
      'dns_failed',
    ],
    ['Bun', 'Unable to connect. Is the computer able to access the url?', 'connection_refused'],
    ['a page', 'Failed to fetch', 'unreachable'],
  ])('as %s words it: %s', (_runtime, message, code) => {
    expect(failureOf(new TypeError(message)).code).toBe(code);
  });

  test('a cause that is its own cause, or none at all', () => {
    const circle = new Error('round');
    circle.cause = circle;
    expect(failureOf(circle).code).toBe('unreachable');
    expect(failureOf(undefined)).toMatchObject({ code: 'unreachable', cause: undefined });
  });
});
