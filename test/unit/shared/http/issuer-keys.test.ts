import { createServer, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { createIssuerKeys } from '#shared/http/issuer-keys.ts';
import { listening } from './raw-http.ts';

const { publicKey } = await generateKeyPair('RS256', { modulusLength: 2048 });
const jwk = async (kid: string): Promise<JWK> => ({ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' });
const [k1, k2] = [await jwk('k1'), await jwk('k2')];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Milliseconds for a fetch: what answers has long answered by then, however busy the machine is. */
const PATIENT = 20_000;
const IMPATIENT = 500;

/** A key set's server whose next answers a test decides, and a clock that it moves. */
async function setUp(timeout = PATIENT) {
  const state = { reads: 0, now: 1_000_000_000, answer: good([k1]) };
  const server = createServer((_request, response) => {
    state.reads += 1;
    state.answer(response);
  });
  const url = `http://127.0.0.1:${await listening(server)}/keys`;
  const keys = createIssuerKeys({ url, clock: { now: () => state.now }, timeout, wait: async () => undefined });
  const find = async (kid: string) => {
    try {
      await keys({ alg: 'RS256', kid }, { payload: '', signature: '' });
      return 'found';
    } catch (error) {
      return error instanceof Error ? error.name : 'no error';
    }
  };
  return { state, find };
}

type Answer = (response: ServerResponse) => void;
const good =
  (keys: readonly JWK[]): Answer =>
  (response) =>
    void response.end(JSON.stringify({ keys }));

const BROKEN: readonly (readonly [string, Answer])[] = [
  ['503', (response) => void response.writeHead(503).end()],
  ['a redirect', (response) => void response.writeHead(302, { location: '/keys' }).end()],
  ['nothing', (response) => void response.socket?.destroy()],
  [
    'half of it',
    (response) =>
      void response.writeHead(200, { 'content-length': 500 }).write('{"keys":[', () => response.socket?.destroy()),
  ],
  ['no JSON', (response) => void response.end('<html>')],
  ['no key set', (response) => void response.end('{"error":"quota"}')],
  ['a set without keys', good([])],
  ['members that are no keys', (response) => void response.end('{"keys":[1,null]}')],
  ['too much', (response) => void response.end(`{"keys":[${'0,'.repeat(200_000)}0]}`)],
  ['silence', () => undefined],
];

describe.each(BROKEN)('an issuer that answers %s', (name, broken) => {
  const timeout = name === 'silence' ? IMPATIENT : PATIENT;

  it('is asked three times, and the old set goes on', async () => {
    const { state, find } = await setUp(timeout);
    expect(await find('k1')).toBe('found');
    state.answer = broken;
    state.now += 11 * MINUTE;
    expect(await find('k1')).toBe('found');
    expect(state.reads).toBe(4);
    // Not with every request: the next look is half a minute later.
    for (let request = 0; request < 50; request += 1) expect(await find('k1')).toBe('found');
    expect(state.reads).toBe(4);
    state.now += MINUTE;
    state.answer = good([k2]);
    expect(await find('k1')).toBe('JWKSNoMatchingKey');
    expect(await find('k2')).toBe('found');
    expect(state.reads).toBe(5);
  });

  it('once is asked again at once, also at the start', async () => {
    const { state, find } = await setUp(timeout);
    state.answer = (response) => {
      state.answer = good([k1]);
      broken(response);
    };
    expect(await find('k1')).toBe('found');
    expect(state.reads).toBe(2);
  });

  it('from the start cannot say whether a token is good', async () => {
    const { state, find } = await setUp(timeout);
    state.answer = broken;
    expect(await find('k1')).toBe('IssuerKeysUnavailable');
    state.answer = good([k1]);
    expect(await find('k1')).toBe('found');
  });
});

describe('a key id that the set does not have', () => {
  it('causes one fetch in half a minute, however many ask', async () => {
    const { state, find } = await setUp();
    await find('k1');
    state.now += MINUTE;
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => find(`stranger-${i}`)));
    for (let i = 0; i < 100; i += 1) answers.push(await find(`later-${i}`));
    expect(new Set(answers)).toEqual(new Set(['JWKSNoMatchingKey']));
    expect(state.reads).toBe(2);
    state.now += MINUTE;
    state.answer = good([k1, k2]);
    expect(await find('k2')).toBe('found');
    expect(state.reads).toBe(3);
  });

  it('may be a new one while the issuer is down, which is not the caller’s fault; known ones work', async () => {
    const { state, find } = await setUp();
    await find('k1');
    state.now += MINUTE;
    state.answer = (response) => void response.writeHead(500).end();
    for (let i = 0; i < 20; i += 1) expect(await find('k2')).toBe('IssuerKeysUnavailable');
    expect(await find('k1')).toBe('found');
    expect(state.reads).toBe(1 + 3);
  });
});

it('a set that could not be read again for a day is none', async () => {
  const { state, find } = await setUp();
  await find('k1');
  state.answer = (response) => void response.writeHead(500).end();
  state.now += 23 * HOUR;
  expect(await find('k1')).toBe('found');
  state.now += HOUR;
  expect(await find('k1')).toBe('IssuerKeysUnavailable');
});

it('requests that find the set old share one fetch', async () => {
  const { state, find } = await setUp();
  await Promise.all(Array.from({ length: 50 }, () => find('k1')));
  state.now += 11 * MINUTE;
  await Promise.all(Array.from({ length: 50 }, () => find('k1')));
  expect(state.reads).toBe(2);
});
