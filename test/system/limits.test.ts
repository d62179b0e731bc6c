import { beforeAll, describe, expect, test } from 'vitest';
import { admin } from '#functions/admin/index.ts';
import { signedUrls } from '#functions/signed-urls/index.ts';
import { listen, shut } from '#local/listen.ts';
import { tally, useSuite } from './suite.ts';

const suite = useSuite();
beforeAll(async () => {
  // The emulator's first commits take seconds; the limiter waits for three and then lets requests pass.
  await suite.license(1);
});

const LIMIT = 120;

/** Another instance of a function, as Cloud Run would start it, with a smaller limit to reach. */
async function instance() {
  const env = { ...suite.stack.environment('admin'), RATE_LIMIT_PER_HOUR: String(LIMIT) };
  const lines: string[] = [];
  const running = admin.create(env, suite.stack.clock, (line) => lines.push(line));
  const port = await listen(running.server);
  const get = async (token: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/licenses/lic_000000000000/usage`, {
      headers: { authorization: `Bearer ${suite.tokens[token]}` },
    });
    await response.arrayBuffer();
    return response;
  };
  const close = async () => {
    await shut(running.server);
    await running.close();
  };
  return { get, lines, close };
}

describe('a user', () => {
  test('has one limit over two instances, at few writes', async () => {
    const [one, two] = await Promise.all([instance(), instance()]);
    suite.stack.recorder.forgetCalls();
    const statuses: number[] = [];
    for (let i = 0; i < 100; i += 1) {
      const both = await Promise.all([one.get('guest'), two.get('guest')]);
      statuses.push(...both.map(({ status }) => status));
    }
    const passed = statuses.filter((status) => status !== 429).length;
    expect(passed).toBe(LIMIT);
    expect(suite.stack.recorder.calls()['firestore.Commit'] ?? 0).toBeLessThanOrEqual(statuses.length / 20);
    const refused = await one.get('guest');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('ratelimit-limit')).toBe(String(LIMIT));
    expect(refused.headers.get('ratelimit-remaining')).toBe('0');
    expect(refused.headers.get('retry-after')).toBe(refused.headers.get('ratelimit-reset'));
    expect((await one.get('admin')).status).toBe(404);
    await Promise.all([one.close(), two.close()]);
  });

  test('passes, and an alert is logged, when the store of the limiter is down', async () => {
    const { get, lines, close } = await instance();
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE' });
    expect((await get('member')).status).toBe(404);
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ severity: 'ALERT', message: 'rate_limiter_open' }),
    );
    await close();
  });
});

describe('seats', () => {
  test('a machine that holds a right key may acquire as often as it likes', async () => {
    const { license_key } = await suite.license(1);
    const body = { license_key, hardware_id: 'wild' };
    const replies = [];
    for (let i = 0; i < 104; i += 1) replies.push(await suite.post('/api/v1/licenses/acquire', body));
    expect(tally(replies)).toEqual({ 200: 103, 201: 1 });
    const other = await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'tame' });
    expect(other.status).toBe(402);
  });

  test('who guesses is refused after a hundred tries, and customers at the same address are not', async () => {
    const { license_key } = await suite.license(1);
    suite.stack.clock.advance(3600);
    const guess = () => suite.post('/api/v1/licenses/heartbeat', { session_id: 'guess' });
    const replies = await Promise.all(Array.from({ length: 105 }, guess));
    expect(tally(replies)).toEqual({ 404: 100, 429: 5 });
    const acquired = await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'honest' });
    expect(acquired.status).toBe(201);
  });
});

describe('a batch of signed URLs', () => {
  test('counts as its number, and one that is too large for what is left signs nothing', async () => {
    const env = { ...suite.stack.environment('signed-urls'), RATE_LIMIT_PER_HOUR: '150' };
    const running = signedUrls.create(env, suite.stack.clock, () => undefined);
    const url = `http://127.0.0.1:${await listen(running.server)}/api/v1/signed-urls`;
    const send = async (count: number) => {
      const requests = Array.from({ length: count }, (_, i) => ({ filename: `f${i}`, content_type: 'text/plain' }));
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${suite.tokens['admin']}` };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ requests }) });
      await response.arrayBuffer();
      return [response.status, response.headers.get('ratelimit-remaining')];
    };
    expect(await send(100)).toEqual([200, '50']);
    suite.stack.recorder.forgetCalls();
    expect(await send(60)).toEqual([429, '49']);
    expect(suite.stack.recorder.calls()['iam.SignBlob']).toBeUndefined();
    expect(await send(49)).toEqual([200, '0']);
    await shut(running.server);
    await running.close();
  });
});
