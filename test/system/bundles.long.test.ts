import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBundle } from '#local/bundles.ts';
import type { RunningFunction } from '#shared/http/function.ts';
import { overBudget } from '../../scripts/build/budgets.ts';
import { type Built, bundle } from '../../scripts/build/bundle.ts';
import { scratch, useSuite } from './suite.ts';

const NAMES = ['public-keys', 'seats', 'license-signing', 'docs'];
const JWKS = '/.well-known/jwks.json';

const suite = useSuite();
let folder: string;
let built: Built[];
const running: RunningFunction[] = [];
const urls = new Map<string, string>();
const log: string[] = [];

beforeAll(async () => {
  folder = await scratch();
  built = await Promise.all(NAMES.map((name) => bundle(name, folder)));
  for (const name of NAMES) {
    const one = await startBundle(folder, name, suite.stack.environment(name), (line) => log.push(line));
    running.push(one);
    one.server.listen(0, '127.0.0.1');
    await once(one.server, 'listening');
    const address = one.server.address();
    urls.set(name, `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
  }
}, 120_000);

afterAll(async () => {
  for (const { server, close } of running) {
    server.close();
    server.closeAllConnections();
    await close();
  }
  await rm(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape and assert what they find
const bodyOf = (response: Response): Promise<any> => response.json();

const call = (name: string, path: string, init?: RequestInit) => fetch(`${urls.get(name)}${path}`, init);

const post = (name: string, path: string, body: object, token?: string) =>
  call(name, path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${suite.tokens[token]}` }),
    },
    body: JSON.stringify(body),
  });

test('each is within its budget', () => {
  expect(overBudget(built)).toEqual([]);
  expect(
    overBudget([
      { name: 'seats', size: 1e9 },
      { name: 'new', size: 1 },
    ]),
  ).toHaveLength(2);
});

test('a seat is acquired, kept and given back', async () => {
  const { license_key } = await suite.license(1);
  const seat = await post('seats', '/api/v1/licenses/acquire', { license_key, hardware_id: 'machine-1' });
  const { session_id } = await bodyOf(seat);
  expect(seat.status).toBe(201);
  const full = await post('seats', '/api/v1/licenses/acquire', { license_key, hardware_id: 'machine-2' });
  expect([full.status, (await bodyOf(full)).code]).toEqual([402, 'no_seats_available']);
  expect((await post('seats', '/api/v1/licenses/heartbeat', { session_id })).status).toBe(200);
  expect((await post('seats', '/api/v1/licenses/release', { session_id })).status).toBe(200);
});

test('what license-signing signs, public-keys verifies', async () => {
  const payload = { product: 'p', expires_at: new Date(Date.now() + 86_400_000).toISOString() };
  const signed = await post('license-signing', '/api/v1/licenses/sign', { payload }, 'service');
  expect(signed.status).toBe(200);
  const { license_data } = await bodyOf(signed);
  const verified = await post('public-keys', '/api/v1/licenses/verify', { license_data });
  expect(await verified.json()).toMatchObject({ valid: true, key_version: 'license-signing.1' });
});

test('keys from memory are what they are from the source, on the wire and in the log', async () => {
  const headersOf = (response: Response) =>
    Object.fromEntries([...response.headers].filter(([name]) => !['date', 'x-request-id'].includes(name)));
  const ordinary = await call('public-keys', `${JWKS}?`, { headers: { 'x-request-id': 'ordinary' } });
  const quick = await call('public-keys', JWKS, { headers: { 'x-request-id': 'quick' } });
  const source = await suite.send('GET', JWKS);
  expect(await quick.text()).toBe(source.text);
  expect(await ordinary.text()).toBe(source.text);
  expect(headersOf(quick)).toEqual(headersOf(ordinary));
  expect(quick.headers.get('x-request-id')).toBeNull();

  const lineOf = (id: string) => log.map((line) => JSON.parse(line)).find(({ request_id }) => request_id === id);
  await expect.poll(() => lineOf('quick')).toBeDefined();
  const text = expect.stringMatching(/./);
  expect({ ...lineOf('quick'), request_id: 'ordinary', time: text }).toEqual({
    ...lineOf('ordinary'),
    time: text,
    httpRequest: { ...lineOf('ordinary').httpRequest, latency: text },
  });
});

test('the documentation brings its files along', async () => {
  const page = await call('docs', '/api/docs');
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const document = await call('docs', '/api/openapi.json');
  expect((await bodyOf(document)).openapi).toMatch(/^3\.1/);
});
