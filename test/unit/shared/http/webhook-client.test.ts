import { createServer } from 'node:http';
import net, { type LookupFunction } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { listen, shut } from '#local/listen.ts';
import { createWebhookClient } from '#shared/http/webhook-client.ts';
import { isPublicAddress } from '#shared/webhooks/addresses.ts';
import { faultOfUrl, type ResolveName } from '#shared/webhooks/endpoint-url.ts';

const PUBLIC = '93.184.216.34';
const production = { allowLoopback: false };

/** Every notation of an address that is not outside. */
const HOSTILE_ADDRESSES = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.254', '127.0.0.1', '127.1.2.3'],
  ...['169.254.169.254', '169.254.0.1', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1', '192.88.99.1'],
  ...['192.168.0.1', '192.168.255.255', '198.18.0.1', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.1.2.3'],
  ...['240.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe'],
  ...['::FFFF:192.168.1.1', '64:ff9b::127.0.0.1', '64:ff9b::a00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1'],
  ...['fe80::1', 'fe80::1%eth0', 'febf::1', 'fc00::1', 'fd12:3456:789a::1', 'ff02::1', 'ff0e::1', 'fec0::1'],
  ...['100::1', '2001::1', '2001:db8::1', '2001:10::1', '2002:7f00:1::', '2002:a00:1::1', '3fff::1', '5f00::1'],
  ...['not an address', ''],
];

/** Hosts that are addresses, whatever they look like. */
const HOSTILE_URLS = [
  ...['https://127.0.0.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://0177.0.0.1/', 'https://127.1/'],
  ...['https://0x7f.0.0.1/', 'https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'https://[::ffff:7f00:1]/'],
  ...['https://169.254.169.254/', 'https://[fe80::1]/', 'https://[64:ff9b::7f00:1]/', 'https://８.8.8.8/'],
  ...['https://８.８.８.８/', 'https://1.1.1.1./', 'https://a:b@hooks.example.com/', 'https://a@hooks.example.com/'],
  ...['http://hooks.example.com/', 'ftp://hooks.example.com/', 'file:///etc/passwd', 'gopher://hooks.example.com/'],
  ...['https://hooks.example.com/#x', 'https:///', 'hooks.example.com', `https://a.example/${'x'.repeat(3000)}`],
];

afterEach(() => void vi.restoreAllMocks());

/** Connections that anything began, instead of beginning them. */
function withoutConnections() {
  const begun: unknown[] = [];
  vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function connect(this: net.Socket, options: unknown) {
    begun.push(options);
    process.nextTick(() => this.destroy(Object.assign(new Error('no network in tests'), { code: 'ECONNREFUSED' })));
    return this;
  });
  return begun;
}

const client = (resolve: ResolveName, rules = production) => createWebhookClient({ rules, resolve, timeout: 2_000 });
const resolved = (...addresses: string[]) => vi.fn<ResolveName>(async () => addresses);

describe('where a webhook may lead', () => {
  test.each(HOSTILE_ADDRESSES)('never to %j, not even among others', async (address) => {
    const begun = withoutConnections();
    expect(isPublicAddress(address)).toBe(false);
    for (const list of [[address], [PUBLIC, address], [address, '2606:4700::1111']]) {
      const result = await client(resolved(...list))('https://hooks.example.com/', {}, '{}');
      expect(result).toEqual({ kind: 'error', error: 'address_refused' });
    }
    expect(begun).toEqual([]);
  });

  test.each(HOSTILE_URLS)('never to %j', async (url) => {
    const begun = withoutConnections();
    const resolve = resolved(PUBLIC);
    expect(faultOfUrl(url, production)).toEqual(expect.any(String));
    expect(await client(resolve)(url, {}, '{}')).toEqual({ kind: 'error', error: 'address_refused' });
    expect(begun).toEqual([]);
    expect(resolve).not.toHaveBeenCalled();
  });

  test.each([PUBLIC, '8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'])('to %j', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test('to no address that was not checked, whatever the name says afterwards', async () => {
    const begun = withoutConnections();
    const answers = [[PUBLIC], ['127.0.0.1'], ['127.0.0.1']];
    const resolve = vi.fn<ResolveName>(async () => answers.shift() ?? []);
    const result = await client(resolve)('https://hooks.example.com/', {}, '{}');
    expect(result).toEqual({ kind: 'error', error: 'connection' });
    expect(resolve).toHaveBeenCalledTimes(1);
    const [options] = begun.flat();
    const { lookup, host } = options as { lookup: LookupFunction; host: string };
    expect(host, 'the name, for SNI and Host').toBe('hooks.example.com');
    const given = await new Promise((done) => lookup(host, { all: true }, (_error, addresses) => done(addresses)));
    expect(given).toEqual([{ address: PUBLIC, family: 4 }]);
    const one = await new Promise((done) => lookup(host, {}, (_error, address, family) => done([address, family])));
    expect(one).toEqual([PUBLIC, 4]);
  });

  test('nowhere while the name has no address', async () => {
    const begun = withoutConnections();
    for (const resolve of [resolved(), vi.fn(() => Promise.reject(new Error('ENOTFOUND')))]) {
      const { error } = (await client(resolve)('https://hooks.example.com/', {}, '{}')) as { error: string };
      expect(['dns', 'address_refused']).toContain(error);
    }
    expect(begun).toEqual([]);
  });
});

describe('what comes back', () => {
  const here = { allowLoopback: true };

  test('is read to 1 KiB, and a redirect is not followed', async () => {
    const paths: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url);
      response.writeHead(307, { location: '/elsewhere', 'retry-after': '7' }).end('x'.repeat(100_000));
    });
    const port = await listen(server);
    const result = await client(resolved(), here)(`http://127.0.0.1:${port}/hook`, { 'x-a': 'b' }, '{}');
    expect(result).toMatchObject({ kind: 'answer', status: 307, retryAfter: '7', body: 'x'.repeat(1_024) });
    expect(paths).toEqual(['/hook']);
    await shut(server);
  });

  test('may be nothing, half of something, or never end', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/cut') request.socket.destroy();
      if (request.url === '/half') {
        response.writeHead(200, { 'content-length': 10 }).write('half', () => request.socket.destroy());
      }
      if (request.url === '/endless') response.writeHead(200).write('more');
    });
    const port = await listen(server);
    const send = createWebhookClient({ rules: here, resolve: resolved(), timeout: 1_000 });
    const at = (path: string) => send(`http://127.0.0.1:${port}${path}`, {}, '{}');
    expect(await at('/cut')).toEqual({ kind: 'error', error: 'connection' });
    expect(await at('/hang')).toEqual({ kind: 'error', error: 'timeout' });
    expect(await at('/half')).toMatchObject({ kind: 'answer', status: 200 });
    expect(await at('/endless')).toMatchObject({ kind: 'answer', status: 200, body: 'more' });
    await shut(server);
  });

  test('waits for a name that never resolves no longer than for an answer', async () => {
    const send = createWebhookClient({ rules: here, resolve: () => new Promise(() => undefined), timeout: 30 });
    expect(await send('http://hooks.example.com/', {}, '{}')).toEqual({ kind: 'error', error: 'timeout' });
  });
});
