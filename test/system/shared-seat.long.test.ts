import { expect, test } from 'vitest';
import { useSuite } from './suite.ts';

const suite = useSuite();

const ACQUIRE = '/api/v1/licenses/acquire';
const HEARTBEAT = '/api/v1/licenses/heartbeat';
const RELEASE = '/api/v1/licenses/release';

const acquire = (license_key: string, program?: string, hardware_id = 'workstation') =>
  suite.post(ACQUIRE, { license_key, hardware_id, program });
const release = (session_id: string, program?: string) => suite.post(RELEASE, { session_id, program });
const used = async (id: string) =>
  (await suite.send('GET', `/api/v1/licenses/${id}/usage`, undefined, 'owner')).body.seats_used;

test('two windows share a seat, and the last one to close gives it back', async () => {
  const { license_key, license_id } = await suite.license(1);
  const { session_id } = (await acquire(license_key, 'window-a')).body;
  expect((await acquire(license_key, 'window-b')).body.session_id).toBe(session_id);

  expect(await release(session_id, 'window-a')).toMatchObject({
    status: 200,
    body: { still_held: true, seats_used: 1 },
  });
  // The answer was lost: the same again.
  expect(await release(session_id, 'window-a')).toMatchObject({ status: 200, body: { still_held: true } });
  expect((await suite.post(HEARTBEAT, { session_id, program: 'window-b' })).status).toBe(200);

  const last = await release(session_id, 'window-b');
  expect(last.body).toEqual({ session_id, released_at: expect.any(String), seats_used: 0 });
  expect(await release(session_id, 'window-a')).toMatchObject({ status: 200, body: last.body });
  expect(await used(license_id)).toBe(0);
});

test('a window that crashed is forgotten after two intervals, one that only missed a heartbeat is not', async () => {
  const { license_key, license_id } = await suite.license(1);
  const { session_id } = (await acquire(license_key, 'crashed')).body;
  await acquire(license_key, 'alive');
  suite.stack.clock.advance(200);
  expect((await suite.post(HEARTBEAT, { session_id, program: 'alive' })).status).toBe(200);
  expect((await release(session_id, 'alive')).body).toMatchObject({ still_held: true });
  suite.stack.clock.advance(60);
  await suite.post(HEARTBEAT, { session_id, program: 'alive' });
  expect((await release(session_id, 'alive')).body).not.toHaveProperty('still_held');
  expect(await used(license_id)).toBe(0);
});

test('heartbeats of all tabs in one moment count for each tab', async () => {
  const { license_key } = await suite.license(1);
  const tabs = Array.from({ length: 7 }, (_, index) => `tab-${index}-of-one-browser`);
  const { session_id } = (await acquire(license_key, tabs[0])).body;
  await Promise.all(tabs.map((program) => suite.post(HEARTBEAT, { session_id, program })));
  const ends = [];
  for (const program of tabs) ends.push((await release(session_id, program)).body.still_held ?? false);
  expect(ends).toEqual([true, true, true, true, true, true, false]);
});

test('programs that end in one moment leave no seat behind: exactly one of them is the last', async () => {
  const { license_key, license_id } = await suite.license(1);
  for (const count of [2, 3, 12]) {
    const programs = Array.from({ length: count }, (_, index) => `worker-${index}`);
    const { session_id } = (await acquire(license_key, programs[0])).body;
    for (const program of programs) await acquire(license_key, program);
    const ends = await Promise.all(programs.map((program) => release(session_id, program)));
    expect(ends.map(({ status }) => status)).toEqual(programs.map(() => 200));
    expect(ends.filter(({ body }) => body.still_held !== true)).toHaveLength(1);
    expect(await used(license_id)).toBe(0);
  }
});

test('a program that joins while the last one leaves has a seat', async () => {
  const { license_key, license_id } = await suite.license(1);
  for (let round = 0; round < 20; round += 1) {
    const { session_id } = (await acquire(license_key, 'first')).body;
    const [, joined] = await Promise.all([release(session_id, 'first'), acquire(license_key, 'second')]);
    expect(joined.status).toBeLessThan(300);
    expect((await suite.post(HEARTBEAT, { session_id: joined.body.session_id, program: 'second' })).status).toBe(200);
    expect(await used(license_id)).toBe(1);
    await release(joined.body.session_id, 'second');
    expect(await used(license_id)).toBe(0);
  }
});

test('who names no program gives the seat back whoever else uses it, as do an administrator and another machine none', async () => {
  const { license_key, license_id } = await suite.license(2);
  const { session_id } = (await acquire(license_key, 'a')).body;
  const other = (await acquire(license_key, 'a', 'laptop')).body.session_id;
  await acquire(license_key, 'b');
  expect((await release(session_id)).body).not.toHaveProperty('still_held');
  expect(await used(license_id)).toBe(1);
  expect((await release(other, 'a')).body).not.toHaveProperty('still_held');
});

test.each(['', 'x'.repeat(65), 'with space', 'ü'])('the program %j is refused', async (program) => {
  const { license_key } = await suite.license(1);
  expect(await acquire(license_key, program)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
});

test('a machine with a right key may acquire as often as it needs to', async () => {
  const { license_key } = await suite.license(1);
  for (let round = 0; round < 8; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => (await acquire(license_key, `compiler-${round}-${index}`)).status),
    );
    expect(answers.filter((status) => status !== 200 && status !== 201)).toEqual([]);
  }
});

test('one key that asks for ever new machines is told when to come back', async () => {
  const { license_key } = await suite.license(1);
  let answer = await acquire(license_key, undefined, 'machine-0');
  for (let machine = 1; machine < 260 && answer.status < 400; machine += 1) {
    await release(answer.body.session_id);
    answer = await acquire(license_key, undefined, `machine-${machine}`);
  }
  expect(answer).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
  expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(60);
});

test('administrators see the beginning of the machine’s hash when the client sent nothing else', async () => {
  const { license_key, license_id } = await suite.license(1);
  await acquire(license_key);
  const [session] = (await suite.send('GET', `/api/v1/licenses/${license_id}/sessions`, undefined, 'owner')).body;
  expect(session).toMatchObject({ hostname: null, platform: null, machine: expect.stringMatching(/^[0-9a-f]{8}$/) });
});
