import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { seats } from '#functions/seats/index.ts';
import { listen, shut } from '#local/listen.ts';
import { has } from '../programs.ts';
import { type Reply, run, scratch, tally, useSuite } from './suite.ts';

const suite = useSuite();
let walkThrough: string;
beforeAll(async () => {
  const document = await readFile(resolve(import.meta.dirname, '../../docs/batch-signatures.md'), 'utf8');
  const [, script = ''] = /```sh\n([\s\S]*?)```/.exec(document) ?? [];
  walkThrough = script;
  await suite.license(1); // the emulator's first commits take seconds
});

const ACQUIRE = '/api/v1/licenses/acquire';
const SIGN = '/api/v1/licenses/sign';
const slowKms = () => suite.stack.recorder.inject({ service: 'kms', method: 'AsymmetricSign', delay_ms: 100 });
const signatures = () => suite.stack.recorder.calls()['kms.AsymmetricSign'] ?? 0;
const verify = async (license_data: unknown) => (await suite.post('/api/v1/licenses/verify', { license_data })).body;
const acquireAll = async (count: number, token_format?: string) => {
  const { license_key } = await suite.license(count);
  const machines = Array.from({ length: count }, (_, index) => ({
    license_key,
    hardware_id: `ü ${index}`,
    token_format,
  }));
  return Promise.all(machines.map((body) => suite.post(ACQUIRE, body)));
};
const inBatch = ({ body }: Reply) => body.license_data.batch !== undefined;

/** What the documentation tells everybody to run, and nothing of ours. */
async function byHand(seat: unknown): Promise<string> {
  const folder = await scratch();
  await writeFile(join(folder, 'seat.json'), JSON.stringify(seat));
  expect(walkThrough).toContain('URL=http://127.0.0.1:8080\n');
  const script = walkThrough.replace('http://127.0.0.1:8080', suite.stack.gateway);
  return run('sh', ['-euc', script], { cwd: folder }).then(
    ({ stdout }) => stdout.trim(),
    () => 'refused',
  );
}

describe('a crowd that asks for batches', () => {
  test('shares few signatures, and each licence is valid for itself', async () => {
    slowKms();
    suite.stack.recorder.forgetCalls();
    const replies = await acquireAll(200, 'batch');
    expect(tally(replies)).toEqual({ 201: 200 });
    expect(signatures()).toBeLessThanOrEqual(30);
    const shared = replies.filter(inBatch);
    expect(shared.length).toBeGreaterThan(150);
    for (const { body } of replies) {
      expect(await verify(body.license_data)).toMatchObject({ valid: true, key_version: 'license-signing.1' });
    }
    expect(suite.log.some((line) => line.includes('"message":"batch_signed"'))).toBe(true);
  });

  test.skipIf(!has('curl'))(
    'can be checked with openssl and python3 as documented, and what is altered cannot',
    async () => {
      slowKms();
      const { body } = (await acquireAll(20, 'batch')).filter(inBatch)[1] ?? {};
      const { license_data: data } = body;
      expect(await byHand(body)).toBe('Verified OK');
      const altered = [
        { ...data, hardware_id: 'another' },
        { ...data, batch: { ...data.batch, leaf_index: (data.batch.leaf_index + 1) % data.batch.tree_size } },
        { ...data, batch: { ...data.batch, audit_path: data.batch.audit_path.toReversed() } },
        { ...data, batch: { ...data.batch, audit_path: data.batch.audit_path.slice(1) } },
        { ...data, batch: { ...data.batch, audit_path: [...data.batch.audit_path, '0'.repeat(64)] } },
      ];
      for (const license_data of altered) {
        expect(await byHand({ license_data })).toBe('refused');
        expect((await verify(license_data)).valid).toBe(false);
      }
      expect(await verify(altered[0])).toEqual({ valid: false, reason: 'bad_signature' });
      expect(await verify({ ...data, batch: { ...data.batch, more: 1 } })).toEqual({
        valid: false,
        reason: 'malformed',
      });
    },
  );

  test('one that comes alone is signed plainly, and the same commands check it', async () => {
    const [alone] = await acquireAll(1, 'batch');
    expect(alone).toMatchObject({ status: 201 });
    expect(Object.keys(alone?.body.license_data)).not.toContain('batch');
    if (has('curl')) expect(await byHand(alone?.body)).toBe('Verified OK');
    expect(await verify(alone?.body.license_data)).toMatchObject({ valid: true });
  });

  test('is nobody who has not asked for it', async () => {
    slowKms();
    suite.stack.recorder.forgetCalls();
    const replies = await acquireAll(10);
    expect(replies.filter(inBatch)).toEqual([]);
    expect(signatures()).toBe(10);
  });

  test('may be a back end that signs data of its own', async () => {
    slowKms();
    suite.stack.recorder.forgetCalls();
    const bodies = Array.from({ length: 20 }, (_, customer) => ({ payload: { customer }, token_format: 'batch' }));
    const replies = await Promise.all(bodies.map((body) => suite.post(SIGN, body, 'service')));
    expect(tally(replies)).toEqual({ 200: 20 });
    expect(signatures()).toBeLessThan(10);
    expect(replies.map(({ body }) => body.license_data.customer)).toEqual(bodies.map((_, customer) => customer));
    for (const { body } of replies) expect(await verify(body.license_data)).toMatchObject({ valid: true });
  });
});

describe('signatures are spared', () => {
  test('a machine that asks again gets the one it has, until a quarter of its validity is past', async () => {
    const { license_key } = await suite.license(1);
    const ask = async (more = {}) => (await suite.post(ACQUIRE, { license_key, hardware_id: 'm', ...more })).body;
    suite.stack.recorder.forgetCalls();
    const { license_data: first } = await ask();
    expect((await ask()).license_data).toEqual(first);
    expect(signatures()).toBe(1);
    expect((await ask({ user_email: 'another@example.org' })).license_data.user_email).toBe('another@example.org');
    expect(signatures()).toBe(2);
    const validity = Date.parse(first.valid_until) - Date.parse(first.signed_at);
    suite.stack.clock.advance(validity / 4000 + 1);
    const { license_data: fresh } = await ask();
    expect(signatures()).toBe(3);
    expect(Date.parse(fresh.valid_until) - Date.parse(first.valid_until)).toBeGreaterThanOrEqual(validity / 4);
    expect(await verify(fresh)).toMatchObject({ valid: true });
  });

  test('a quota that is spent is answered with 503 and Retry-After, and KMS is asked once', async () => {
    suite.stack.recorder.inject({ service: 'kms', method: 'AsymmetricSign', code: 'RESOURCE_EXHAUSTED' });
    suite.stack.recorder.forgetCalls();
    const reply = await suite.post(SIGN, { payload: { a: 1 } }, 'service');
    expect(reply).toMatchObject({ status: 503, body: { code: 'signing_unavailable' } });
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(signatures()).toBe(1);
  });

  test('an instance with a budget sends away who would wait too long, and serves him later', async () => {
    // One turn at once, and the next after ten seconds: nobody waits for that. The counter starts with a minute.
    suite.stack.clock.advance(60 - ((suite.stack.clock.now() / 1000) % 60));
    const env = { ...suite.stack.environment('seats'), KMS_SIGNATURES_PER_MINUTE: '6' };
    const running = seats.create(env, suite.stack.clock, () => undefined);
    const port = await listen(running.server);
    const { license_key } = await suite.license(10);
    const acquire = async (hardware_id: string) => {
      const body = JSON.stringify({ license_key, hardware_id, token_format: 'batch' });
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`http://127.0.0.1:${port}${ACQUIRE}`, { method: 'POST', headers, body });
      return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.text() };
    };
    try {
      await acquire('warms up the connections');
      suite.stack.clock.advance(60);
      suite.stack.recorder.forgetCalls();
      expect((await acquire('first')).status).toBe(201);
      // A commit for the seat, and two for the first slice of a window: its own, and what was used in the window before.
      expect(suite.stack.recorder.calls()).toMatchObject({
        'firestore.RunQuery': 2,
        'firestore.RunAggregationQuery': 1,
        'firestore.Commit': 3,
      });
      const refused = await acquire('second');
      expect(refused.status).toBe(503);
      expect(JSON.parse(refused.body)).toMatchObject({ code: 'signing_unavailable' });
      expect(Number(refused.retryAfter)).toBeGreaterThanOrEqual(5);
      expect(Number(refused.retryAfter)).toBeLessThanOrEqual(10);
      expect(signatures()).toBe(1);
      suite.stack.clock.advance(10);
      expect((await acquire('second')).status).toBe(200);
      expect(signatures()).toBe(2);
    } finally {
      await shut(running.server);
      await running.close();
    }
  });
});
