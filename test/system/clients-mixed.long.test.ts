import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Adapter, type Answer, startAdapter } from '../../clients/conformance/adapter.ts';
import { languages } from '../../clients/conformance/languages.ts';
import { useSuite } from './suite.ts';

/**
 * Machines whose programs are written in different languages, on one licence: they take seats, give them back, are refused,
 * crash and start again. After every round the suite lends exactly the seats that the clients hold.
 */
const suite = useSuite();
const MACHINES = 50;
const SEATS = 20;
const ROUNDS = 3;
const HOUR = 3_600;

const LANGUAGES = languages().filter(({ missing }) => missing === undefined);

interface Machine {
  readonly name: string;
  readonly storage: string;
  adapter: Adapter;
  holds: boolean;
}
let machines: Machine[] = [];
let license: { license_id: string; license_key: string };
let root: string;

const languageOf = (index: number) => LANGUAGES[index % LANGUAGES.length] ?? LANGUAGES[0];
async function start(index: number): Promise<Adapter> {
  const language = languageOf(index);
  if (language === undefined) throw new TypeError('there is a client');
  return startAdapter(language);
}

beforeAll(async () => {
  license = await suite.license(SEATS);
  root = (await suite.send('GET', '/api/v1/root-keys.pem')).text;
  for (let index = 0; index < MACHINES; index += 1) {
    const storage = await mkdtemp(join(tmpdir(), 'countersign-mixed-'));
    machines.push({ name: `machine-${index}`, storage, adapter: await start(index), holds: false });
  }
}, 180_000);
afterAll(async () => {
  await Promise.all(machines.map(({ adapter }) => adapter.end('SIGKILL')));
  machines = [];
});

function ask(machine: Machine, more: object = {}): Promise<Answer> {
  const options = { url: suite.stack.gateway, root, product: 'default', patience_ms: 60_000, timeout_ms: 30_000 };
  const { name: hardware_id, storage } = machine;
  const { license_key } = license;
  return machine.adapter.ask({ do: 'hold', options: { ...options, license_key, hardware_id, storage, ...more } });
}

async function hold(machine: Machine): Promise<void> {
  const answer = await ask(machine);
  if (!answer.ok) expect(answer.code).toBe('no_seats_available');
  machine.holds = answer.ok;
}

async function release(machine: Machine): Promise<void> {
  await machine.adapter.ask({ do: 'release' });
  machine.holds = false;
}

/** The machine is switched off in the middle of its work, and on again: it has the seat that it had. */
async function crash(machine: Machine, index: number): Promise<void> {
  await machine.adapter.end('SIGKILL');
  machine.adapter = await start(index);
  await hold(machine);
  expect(machine.holds).toBe(true);
}

const usage = async () =>
  (await suite.send('GET', `/api/v1/licenses/${license.license_id}/usage`, undefined, 'owner')).body;
const used = async () => (await usage()).seats_used;

test(`${MACHINES} machines in ${LANGUAGES.map(({ name }) => name).join(', ')} share ${SEATS} seats for a day`, async () => {
  let state = 20_261_126;
  const random = (below: number) => {
    state = (state * 48_271) % (2 ** 31 - 1);
    return Math.floor((state / (2 ** 31 - 1)) * below);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const idle = machines.filter(({ holds }) => !holds);
    await Promise.all(idle.filter(() => random(3) > 0).map(hold));
    const holding = machines.filter(({ holds }) => holds);
    expect(holding.length).toBeLessThanOrEqual(SEATS);
    expect(await used()).toBe(holding.length);
    if (round === 0) expect(holding).toHaveLength(SEATS);
    const fate = holding.map((machine) => ({ machine, index: machines.indexOf(machine), draw: random(4) }));
    await Promise.all(
      fate.map(async ({ machine, index, draw }) => {
        if (draw === 0) await crash(machine, index);
        else if (draw < 3) await release(machine);
      }),
    );
    expect(await used()).toBe(machines.filter(({ holds }) => holds).length);
    for (const machine of machines.filter(({ holds }) => holds)) await release(machine);
    // Those that crashed leave the program of before for two intervals, and its seat with it.
    expect(await used()).toBeLessThanOrEqual(fate.filter(({ draw }) => draw === 0).length);
    suite.stack.clock.advance((24 / ROUNDS) * HOUR);
    await suite.send('POST', '/internal/sessions/reap', undefined, 'scheduler');
    expect(await used()).toBe(0);
    for (const { adapter } of machines)
      await adapter.ask({ do: 'clock', offset_ms: (round + 1) * (24 / ROUNDS) * HOUR * 1000 });
    for (const machine of machines.filter((_, index) => index % 10 === round)) {
      await machine.adapter.end('exit');
      machine.adapter = await start(machines.indexOf(machine));
      await machine.adapter.ask({ do: 'clock', offset_ms: (round + 1) * (24 / ROUNDS) * HOUR * 1000 });
    }
  }
}, 600_000);

test('some of them borrow, some wait in the queue, and what one language has borrowed goes on in the next', async () => {
  const [BORROWED, WAITING] = [6, 6];
  const terms = { borrow: { max_seats: BORROWED, early_return: true }, queue: { max_length: 100 } };
  await suite.send('PATCH', `/api/v1/licenses/${license.license_id}`, terms, 'staff');
  const [holders, rest] = [machines.slice(0, SEATS), machines.slice(SEATS)];
  for (const machine of holders) expect(await ask(machine)).toMatchObject({ ok: true, state: 'held' });

  // Half as many more than may borrow ask at once, as many in each language.
  const asking = holders.slice(0, BORROWED * 1.5);
  const answers = await Promise.all(asking.map(({ adapter }) => adapter.ask({ do: 'borrow', seconds: 86_400 })));
  const borrowers = asking.filter((_, index) => answers[index]?.ok);
  expect(borrowers).toHaveLength(BORROWED);
  expect(answers.filter(({ code }) => code === 'no_borrow_available')).toHaveLength(asking.length - BORROWED);
  expect(await usage()).toMatchObject({ seats_used: SEATS, seats_borrowed: BORROWED });

  const waiting = rest.slice(0, WAITING).map((machine) => {
    const answer = ask(machine, { wait_ms: 600_000 });
    return { machine, answer, queued: machine.adapter.event('queued') };
  });
  await Promise.all(waiting.map(({ queued }) => queued));
  await Promise.all(holders.slice(-WAITING).map(release));
  for (const { answer } of waiting) expect(await answer).toMatchObject({ ok: true, state: 'held' });
  expect(await used()).toBe(SEATS);
  const late = rest.slice(WAITING)[0] ?? expect.fail();
  expect(await ask(late)).toMatchObject({ ok: false, code: 'no_seats_available' });

  // Every machine is switched off: after the leases only what is borrowed is left.
  await Promise.all(machines.map(({ adapter }) => adapter.end('SIGKILL')));
  suite.stack.clock.advance(HOUR);
  await suite.send('POST', '/internal/sessions/reap', undefined, 'scheduler');
  expect(await usage()).toMatchObject({ seats_used: BORROWED, seats_borrowed: BORROWED });
  for (const machine of borrowers) {
    machine.adapter = await start(machines.indexOf(machine) + 1);
    await machine.adapter.ask({ do: 'clock', offset_ms: 25 * HOUR * 1000 });
    expect(await ask(machine)).toMatchObject({ ok: true, state: 'borrowed' });
    expect(await machine.adapter.ask({ do: 'return_borrowed' })).toMatchObject({ ok: true, state: 'released' });
  }
  expect(await usage()).toMatchObject({ seats_used: 0, seats_borrowed: 0 });
}, 300_000);
