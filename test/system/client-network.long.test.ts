import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { listen, shut } from '#local/listen.ts';
import { type ClientPackage, packClient } from './client-package.ts';
import { RUNTIMES } from './runtimes.ts';
import { run, useSuite } from './suite.ts';

const suite = useSuite();
let client: ClientPackage;
let tls: Server;
let secure: string;
beforeAll(async () => {
  client = await packClient();
  tls = serverOfTheCompany();
  secure = `https://localhost:${await listen(tls)}`;
});
afterAll(() => shut(tls));

/** The suite behind TLS, with a certificate of an authority that nobody else knows (RFC 5280). */
function serverOfTheCompany(): Server {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: client.project, stdio: 'ignore' });
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '30',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Company CA',
    '-addext',
    'basicConstraints=critical,CA:TRUE',
  );
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-days',
    '30',
    '-copy_extensions',
    'copy',
    '-out',
    'server.pem',
  );
  const read = (name: string) => readFileSync(join(client.project, name));
  return createServer({ key: read('server.key'), cert: read('server.pem') }, (incoming, outgoing) => {
    const { method = 'GET', headers, url = '/' } = incoming;
    const passed = request(suite.stack.gateway + url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
}

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill();
});

/** Starts a proxy. `seen` is what it was asked for. */
async function proxy(settings: Record<string, string> = {}) {
  const env = { ...process.env, ...settings };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'company-proxy.ts')], { env });
  started.push(child);
  let output = '';
  const port = await new Promise<string>((resolve) => {
    child.stdout.on('data', (part) => {
      output += part;
      const found = /listening on (\d+)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const seen = () =>
    [...output.matchAll(/^(CONNECT|POST|GET) \S+ (\w+)$/gm)].map(([, method, how]) => `${method} ${how}`);
  return { port, seen };
}

const NO_PROXIES = Object.fromEntries(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY', 'NODE_EXTRA_CA_CERTS']
    .flatMap((name) => [name, name.toLowerCase()])
    .map((name) => [name, undefined]),
);

async function environment(url: string, variables: Record<string, string>) {
  const { license_key } = await suite.license(1);
  return {
    ...process.env,
    ...NO_PROXIES,
    NODE_NO_WARNINGS: '1',
    DENO_NO_UPDATE_CHECK: '1',
    XDG_STATE_HOME: join(client.project, 'state'),
    COUNTERSIGN_URL: url,
    COUNTERSIGN_LICENSE_KEY: license_key,
    COUNTERSIGN_ROOT_KEY: suite.stack.rootKey,
    COUNTERSIGN_PRODUCT: 'default',
    ...variables,
  };
}

/** `countersign hold`. @returns its status, and the code of its error or the events of its seat */
async function hold(url: string, variables: Record<string, string> = {}) {
  const args = [join(client.folder, 'countersign.js'), 'hold', '--json', '--patience', '0', '--', 'true'];
  const env = await environment(url, variables);
  const ended = await run(process.execPath, args, { cwd: client.project, env }).catch((error) => error);
  const lines: { type?: string; error?: string; message?: string }[] = ended.stderr
    .trim()
    .split('\n')
    .map((line: string) => JSON.parse(line));
  const told = lines.map(({ type, error }) => error ?? type).filter((what) => what !== 'keys_not_updated');
  return { status: ended.code ?? 0, told, message: lines.at(-1)?.message ?? '' };
}

const HELD = { status: 0, told: ['held', 'released'] };
const ca = () => ({ NODE_EXTRA_CA_CERTS: join(client.project, 'ca.pem') });

describe('through a proxy', () => {
  test('of HTTP, with a name and a password that hold special characters', async () => {
    const { port, seen } = await proxy({ PROXY_USER: 'jörg:p@ss:w/rd' });
    const address = `http://j%C3%B6rg:p%40ss%3Aw%2Frd@127.0.0.1:${port}`;
    expect(await hold(suite.stack.gateway, { HTTP_PROXY: address })).toMatchObject(HELD);
    expect(new Set(seen())).toEqual(new Set(['GET passed', 'POST passed']));
  });

  test.each(['HTTPS_PROXY', 'https_proxy'])(
    'of TLS, by CONNECT, with an authority of the company (%s)',
    async (name) => {
      const { port, seen } = await proxy({ PROXY_USER: 'me:secret' });
      const variables = { [name]: `http://me:secret@127.0.0.1:${port}`, ...ca() };
      expect(await hold(secure, variables)).toMatchObject(HELD);
      expect(new Set(seen())).toEqual(new Set(['CONNECT passed']));
    },
  );

  test.each([
    ['without the authority', 'pass', 'me:secret', {}, 'certificate_rejected'],
    ['without a password', 'pass', '', 'ca', 'proxy_authentication'],
    ['with a wrong password', 'pass', 'me:wrong', 'ca', 'proxy_authentication'],
    ['that forbids the address', 'forbid', 'me:secret', 'ca', 'proxy_failed'],
    ['that cannot find the server', 'broken', 'me:secret', 'ca', 'proxy_failed'],
    ['whose sign-in page speaks no TLS', 'portal', 'me:secret', 'ca', 'tls_failed'],
  ])('%s: the cause is told', async (_what, PROXY_MODE, user, authority, code) => {
    const { port } = await proxy({ PROXY_USER: 'me:secret', PROXY_MODE });
    const credentials = user === '' ? '' : `${user}@`;
    const variables = { HTTPS_PROXY: `http://${credentials}127.0.0.1:${port}`, ...(authority === 'ca' ? ca() : {}) };
    const { status, told, message } = await hold(secure, variables);
    expect([status, told]).toEqual([69, [code]]);
    expect(message).not.toContain('secret');
  });

  test.each([
    // Nothing tells these from an answer of the server named in the URL.
    ['forbid', 'not_a_license_server'],
    ['portal', 'not_a_license_server'],
    ['broken', 'proxy_failed'],
  ])('of HTTP, in the mode %s: %s', async (PROXY_MODE, code) => {
    const { port } = await proxy({ PROXY_MODE });
    expect((await hold(suite.stack.gateway, { HTTP_PROXY: `http://127.0.0.1:${port}` })).told).toEqual([code]);
  });

  test('that is not there', async () => {
    const gone = { HTTPS_PROXY: 'http://127.0.0.1:9', ...ca() };
    expect((await hold(secure, gone)).told).toEqual(['proxy_failed']);
    expect((await hold(secure, { ...gone, HTTPS_PROXY: 'http://proxy.invalid:3128' })).told).toEqual(['proxy_failed']);
  });

  test.each(['proxy without a scheme', 'proxy with white space and quotes'])('%s', async (what) => {
    const { port, seen } = await proxy();
    const value = what.includes('quotes') ? ` "http://127.0.0.1:${port}"\r` : `127.0.0.1:${port}`;
    expect(await hold(secure, { HTTPS_PROXY: value, ...ca() })).toMatchObject(HELD);
    expect(seen()).not.toEqual([]);
  });

  test.each(['localhost', '.localhost,example.com', 'example.com, localhost', '*'])(
    'NO_PROXY=%s goes past it',
    async (NO_PROXY) => {
      const { port, seen } = await proxy();
      const variables = { HTTPS_PROXY: `http://127.0.0.1:${port}`, NO_PROXY, ...ca() };
      expect(await hold(secure, variables)).toMatchObject(HELD);
      expect(seen()).toEqual([]);
    },
  );
});

test('an authority of the company without a proxy', async () => {
  expect(await hold(secure, ca())).toMatchObject(HELD);
  expect((await hold(secure)).told).toEqual(['certificate_rejected']);
});

const PROGRAM = `
import { holdSeat, rootKey } from 'countersign-client';
try {
  const seat = await holdSeat({
    url: process.env.COUNTERSIGN_URL, licenseKey: process.env.COUNTERSIGN_LICENSE_KEY, product: 'default',
    keys: rootKey(process.env.COUNTERSIGN_ROOT_KEY), patience: 0,
  });
  console.log(seat.state);
  await seat.release();
} catch (error) {
  console.log(error.code, error.message);
}
`;

describe.each(RUNTIMES)('$name', ({ name, path = '', args }) => {
  const authority = () => ({ ...ca(), DENO_CERT: join(client.project, 'ca.pem') });
  async function start(url: string, variables: Record<string, string>): Promise<string> {
    await writeFile(join(client.project, 'network.mjs'), PROGRAM);
    const env = await environment(url, variables);
    return (await run(path, [...args, 'network.mjs'], { cwd: client.project, env })).stdout;
  }
  const isOld = name.startsWith('Node 20');

  test.skipIf(path === '')('uses the proxy, or says that it cannot', async () => {
    const { port, seen } = await proxy({ PROXY_USER: 'me:secret' });
    const said = await start(secure, { HTTPS_PROXY: `http://me:secret@127.0.0.1:${port}`, ...authority() });
    expect(said).toMatch(isOld ? /^proxy_failed .*HTTPS_PROXY is set, and Node 20/ : /^held\n$/);
    expect(new Set(seen())).toEqual(new Set(isOld ? [] : ['CONNECT passed']));
  });

  test.skipIf(path === '')('goes past it where NO_PROXY says so', async () => {
    const { port, seen } = await proxy();
    const variables = { HTTPS_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: 'example.com,localhost', ...authority() };
    expect(await start(secure, variables)).toBe('held\n');
    expect(seen()).toEqual([]);
  });
});
