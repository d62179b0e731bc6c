import { randomInt } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newLicenseKey } from '#shared/model/license-key.ts';
import { type FunctionProcess, startFunctionProcess } from '../../system/function-process.ts';
import { type RunningSuite, startSuite, tally } from '../../system/suite.ts';

const SECONDS = 8;
const OWN_PER_SECOND = 25;
const STRANGERS_PER_SECOND = 600;
const MACHINES = 50;
/** Milliseconds that an RPC to Firestore takes. */
const LATENCY = 8;
const IP_HEADER = 'x-test-client-ip';

let suite: RunningSuite;
let seats: FunctionProcess;
beforeAll(async () => {
  suite = await startSuite();
  seats = await startFunctionProcess(suite.stack, 'seats', { env: { CLIENT_IP_HEADER: IP_HEADER } });
});
afterAll(async () => {
  await seats.stop('SIGTERM');
  await suite.close();
});

/** The machines have connections of their own, as they have in life. */
const connections = () => new Agent({ keepAlive: true, maxSockets: 1_000 });
const [ownAgent, strangersAgent] = [connections(), connections()];

interface Answer {
  readonly status: number;
  readonly milliseconds: number;
}

/** Over node:http, which costs the sender a third of what fetch does. Every stranger has an address of its own. */
function acquire(license_key: string, hardware_id: string, address: string, agent: Agent): Promise<Answer> {
  const body = JSON.stringify({ license_key, hardware_id, token_format: 'batch' });
  const begun = performance.now();
  return new Promise((resolve) => {
    const done = (status: number) => resolve({ status, milliseconds: performance.now() - begun });
    const headers = { 'content-type': 'application/json', 'content-length': body.length, [IP_HEADER]: address };
    const { port } = seats;
    request(
      { host: '127.0.0.1', port, method: 'POST', path: '/api/v1/licenses/acquire', headers, agent },
      (response) => {
        response.resume().once('end', () => done(response.statusCode ?? 0));
      },
    )
      .once('error', () => done(0))
      .end(body);
  });
}

async function every(perSecond: number, send: (index: number) => Promise<Answer>): Promise<Answer[]> {
  const begun = performance.now();
  const answers: Promise<Answer>[] = [];
  for (;;) {
    const elapsed = performance.now() - begun;
    if (elapsed > SECONDS * 1000) return Promise.all(answers);
    while (answers.length < (elapsed / 1000) * perSecond) answers.push(send(answers.length));
    await sleep(4);
  }
}

const percentile = (answers: readonly Answer[], share: number) => {
  const sorted = answers.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};
const statuses = (answers: readonly Answer[]) => tally(answers.map(({ status }) => ({ status }) as never));
const anyAddress = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;

test('600 strangers a second against one licence: its own machines do not wait for them', async () => {
  const { license_id, license_key } = await suite.license(MACHINES);
  const { recorder } = suite.stack;
  recorder.inject({ service: 'firestore', method: '*', delay_ms: LATENCY });
  const own = () =>
    every(OWN_PER_SECOND, (index) => acquire(license_key, `machine-${index % MACHINES}`, '192.0.2.1', ownAgent));
  await own(); // the seats are taken, and the code is compiled
  const alone = await own();

  recorder.forgetCalls();
  const stranger = (index: number) =>
    acquire(newLicenseKey(license_id).text, `guess-${index % 7}`, anyAddress(), strangersAgent);
  const [among, strangers] = await Promise.all([own(), every(STRANGERS_PER_SECOND, stranger)]);
  const calls = Object.entries(recorder.calls()).flatMap(([name, count]) =>
    name.startsWith('firestore.') ? [count] : [],
  );
  const rpcs = calls.reduce((sum, count) => sum + count, 0);

  const [before, after] = [percentile(alone, 0.99), percentile(among, 0.99)];
  const figures = [before, after].map((value) => value.toFixed(1)).join(' and ');
  process.stdout.write(
    `own machines, p99 alone and among ${strangers.length} strangers: ${figures} ms, ratio ${(after / before).toFixed(2)}; ` +
      `medians ${percentile(alone, 0.5).toFixed(1)} and ${percentile(among, 0.5).toFixed(1)} ms; ${rpcs} RPCs\n`,
  );
  expect(statuses(among)).toEqual({ 200: among.length });
  expect(statuses(strangers)).toEqual({ 404: strangers.length });
  // Fewer calls than strangers: a group of them is one read.
  expect(rpcs).toBeLessThan(strangers.length / 2 + among.length * 6);
}, 120_000);
