/**
 * What a request costs, counted and not timed, so that a busy machine changes nothing: requests to Firestore, commits and
 * signatures, and the memory that the answering process allocates, in a process of its own whose code is never optimised
 * (the optimiser removes allocations at times that depend on the load). Allocations are compared with those of a bare
 * node:http server that parses and sends the same JSON, since versions of Node differ.
 */
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { post, sendAll } from '../../bench/http/load.ts';
import { type MeasuredProcess, startMeasured } from '../../bench/http/measured-process.ts';
import { scratch, useSuite } from './suite.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FLAGS = ['--no-opt', '--no-maglev'];
const ACQUIRE = '/api/v1/licenses/acquire';
const HEARTBEAT = '/api/v1/licenses/heartbeat';
const RELEASE = '/api/v1/licenses/release';
const MACHINES = 40;
const HEARTBEATS = 200;
/** RPCs of the instance itself beside the requests: keys and licence once. Usage comes once a second while there is a new peak. */
const OWN = 6;

/**
 * Bytes allocated beside a bare server's for the heartbeat, at most: a quarter above what was measured, which is more than
 * runs differ by and less than a web framework in the way of a heartbeat costs. `SHOW_COSTS=1` prints what it is now.
 */
const MOST = { acquire: 70, heartbeat: 11, release: 34 };

const suite = useSuite();
let seats: MeasuredProcess;
let bare: MeasuredProcess;

beforeAll(async () => {
  const folder = await scratch();
  const start = (program: string, args: string[], env: Record<string, string | undefined>) =>
    startMeasured({ program: join(ROOT, program), args, flags: FLAGS, env, log: join(folder, basename(program)) });
  const answer = {
    session_id: 's'.repeat(60),
    last_heartbeat: '2026-01-01T00:00:00.000Z',
    expires_at: '2026-01-01T00:06:00.000Z',
    next_heartbeat_seconds: 120,
  };
  bare = await start('bench/http/bare.ts', ['node', '{"content-type":"application/json"}', JSON.stringify(answer)], {});
  seats = await start('functions/seats/main.ts', [], suite.stack.environment('seats'));
});
afterAll(() => Promise.all([seats?.stop(), bare?.stop()]));

/** One request after the other, so that nothing shares an RPC. */
async function costOf(server: MeasuredProcess, requests: readonly string[], count = requests.length) {
  suite.stack.recorder.forgetCalls();
  await server.begin();
  const begun = performance.now();
  const result = await sendAll({ port: server.port, connections: 1, requests, count, keep: true });
  const { allocated } = await server.end();
  const calls = suite.stack.recorder.calls();
  const own = OWN + Math.ceil((performance.now() - begun) / 1000);
  const rpcs = Object.entries(calls).reduce((sum, [name, n]) => sum + (name.startsWith('firestore.') ? n : 0), 0);
  return {
    ...result,
    rpcs,
    own,
    commits: calls['firestore.Commit'] ?? 0,
    signatures: calls['kms.AsymmetricSign'] ?? 0,
    allocated: allocated / count,
  };
}

describe('what a request costs', () => {
  test('acquire, heartbeat and release: RPCs, commits, signatures, allocations', async () => {
    const { license_key } = await suite.license(MACHINES + 1);
    const acquires = (names: readonly string[]) =>
      names.map((name) => post(ACQUIRE, { license_key, hardware_id: name }));
    const machines = Array.from({ length: MACHINES }, (_, index) => `machine-${index}`);
    // The first ones compile what they run, and open the connections.
    const warm = await costOf(seats, acquires(['first']));
    const first = JSON.parse(warm.bodies[0] ?? '{}').session_id;
    await costOf(seats, [post(HEARTBEAT, { session_id: first }), post(RELEASE, { session_id: first })]);
    await costOf(bare, [post(HEARTBEAT, { session_id: first })]);

    const acquired = await costOf(seats, acquires(machines));
    expect(acquired.statuses).toEqual({ 201: MACHINES });
    const sessions = acquired.bodies.map((body): unknown => JSON.parse(body).session_id);
    const beats = sessions.map((session_id) => post(HEARTBEAT, { session_id }));
    const plain = await costOf(bare, beats, 5 * HEARTBEATS); // so many that a collector's run is little beside them
    const kept = await costOf(seats, beats, HEARTBEATS);
    const released = await costOf(
      seats,
      sessions.map((session_id) => post(RELEASE, { session_id })),
    );
    expect(kept.statuses).toEqual({ 200: HEARTBEATS });
    expect(released.statuses).toEqual({ 200: MACHINES });
    const bareBytes = plain.allocated;
    const ratios = [acquired, kept, released].map(({ allocated }) => allocated / bareBytes);
    if (process.env['SHOW_COSTS'] !== undefined) console.log({ bareBytes, ratios });

    expect(acquired).toMatchObject({ commits: MACHINES, signatures: MACHINES });
    expect(kept).toMatchObject({ commits: 0, signatures: 0 });
    expect(released).toMatchObject({ commits: MACHINES, signatures: 0 });
    expect(acquired.rpcs).toBeLessThanOrEqual(5 * MACHINES + acquired.own);
    expect(kept.rpcs).toBeLessThanOrEqual(HEARTBEATS + kept.own);
    expect(released.rpcs).toBeLessThanOrEqual(3 * MACHINES + released.own);
    for (const [at, most] of [MOST.acquire, MOST.heartbeat, MOST.release].entries()) {
      expect(ratios[at]).toBeLessThan(most);
    }
  });

  test('sign, key set and task payload: calls to Google, counted in the suite', async () => {
    const JWKS = '/.well-known/jwks.json';
    const sign = (number: number) =>
      suite.post('/api/v1/licenses/sign', { payload: { number }, token_format: 'signed-json' }, 'service');
    const seal = () => suite.post('/api/v1/tasks', { payload: { canary: 'secret' } }, 'service');
    // The first ones read what an instance keeps: keys, rights, allowances.
    await sign(-1);
    await seal();
    await suite.send('GET', JWKS);

    // A slow machine may ask a second time now and then; a request that costs one call more is twice as many.
    const most = MANY + OWN;
    const signed = await callsOf(sign);
    expect(signed.statuses).toEqual({ 200: MANY });
    expect(signed.calls['kms.AsymmetricSign']).toBeLessThanOrEqual(most);
    // The record of who has signed what, and nothing beside it.
    expect(signed.firestore).toBeLessThanOrEqual(most);

    const served = await callsOf(() => suite.send('GET', JWKS));
    expect(served.statuses).toEqual({ 200: MANY });
    expect(Object.values(served.calls).reduce((sum, n) => sum + n, 0)).toBeLessThan(OWN);

    const sealed = await callsOf(seal);
    expect(sealed.statuses).toEqual({ 201: MANY });
    for (const call of ['kms.Encrypt', 'storage.insert']) expect(sealed.calls[call]).toBeLessThanOrEqual(most);
    expect(sealed.firestore).toBeLessThanOrEqual(most);
    if (process.env['SHOW_COSTS'] !== undefined) console.log({ signed, served, sealed });
  });
});

const MANY = 20;

/** One request after the other, through the gateway. */
async function callsOf(ask: (index: number) => Promise<{ readonly status: number }>) {
  suite.stack.recorder.forgetCalls();
  const statuses: Record<number, number> = {};
  for (let index = 0; index < MANY; index += 1) {
    const { status } = await ask(index);
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  const calls: Readonly<Record<string, number>> = suite.stack.recorder.calls();
  const firestore = Object.entries(calls).reduce((sum, [name, n]) => sum + (name.startsWith('firestore.') ? n : 0), 0);
  return { statuses, calls, firestore };
}
