import { expect, test } from 'vitest';
import { type Reply, useSuite } from './suite.ts';

/** Cases Q1 to Q12 of the queue with position, over HTTP. */
const suite = useSuite();
const LICENSES = '/api/v1/licenses';
const LEASE_SECONDS = 360;

interface Licence {
  readonly license_id: string;
  readonly license_key: string;
}

async function licence(seats: number, terms: object = { queue: { max_length: 1000 } }): Promise<Licence> {
  const created = await suite.post(
    LICENSES,
    { tenant_id: 'demo', tier: 'starter', max_seats: seats, expires_at: null, ...terms },
    'staff',
  );
  expect(created.status).toBe(201);
  return created.body;
}

const acquire = ({ license_key }: Pick<Licence, 'license_key'>, hardware_id: string, more: object = {}) =>
  suite.post(`${LICENSES}/acquire`, { license_key, hardware_id, token_format: 'batch', ...more });
/** Asks for a seat and waits if there is none; the same request again is a poll. */
const ask = (key: Pick<Licence, 'license_key'>, hardware_id: string, seconds = 3_600) =>
  acquire(key, hardware_id, { queue: { max_wait_seconds: seconds } });
const release = ({ body }: Reply) => suite.post(`${LICENSES}/release`, { session_id: body.session_id });
const leave = (ticket_id: string) => suite.post(`${LICENSES}/queue/leave`, { ticket_id });
const advance = (seconds: number) => suite.stack.clock.advance(seconds);
const usage = async ({ license_id }: Licence) =>
  (await suite.send('GET', `${LICENSES}/${license_id}/usage`, undefined, 'staff')).body;

/** A licence whose seats are all taken, by machines `holder-0` and on. */
async function full(seats: number, terms?: object): Promise<Licence & { readonly holders: readonly Reply[] }> {
  const made = await licence(seats, terms);
  const holders: Reply[] = [];
  for (let holder = 0; holder < seats; holder += 1) holders.push(await acquire(made, `holder-${holder}`));
  expect(holders.map(({ status }) => status)).toEqual(holders.map(() => 201));
  return { ...made, holders };
}

const places = (replies: readonly Reply[]) => replies.map(({ status, body }) => [status, body.position]);

async function inTurn(count: number, act: (index: number) => Promise<Reply>): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let index = 0; index < count; index += 1) replies.push(await act(index));
  return replies;
}

test('Q1: a licence without a queue refuses as ever', async () => {
  const made = await full(1, { queue: null });
  expect(await ask(made, 'a')).toMatchObject({ status: 402, body: { code: 'no_seats_available', seats_used: 1 } });
  expect(await acquire(made, 'a', { queue: {} })).toMatchObject({ status: 402, body: { code: 'no_seats_available' } });
});

test('Q2: machines wait one behind the other', async () => {
  const made = await full(1);
  const replies = await inTurn(3, (index) => acquire(made, `waiter-${index}`, { queue: {} }));
  expect(places(replies)).toEqual([1, 2, 3].map((position) => [202, position]));
  expect(replies.map(({ body }) => body.queue_length)).toEqual([1, 2, 3]);
  expect(replies[1]?.body).toMatchObject({ position_exact: true, poll_after_seconds: 3 });
  expect(Date.parse(replies[0]?.body.wait_until) - suite.stack.clock.now()).toBeGreaterThan(3_590_000);
});

test('Q3: a poll keeps the place, and takes no second ticket', async () => {
  const made = await full(1);
  const [first] = await inTurn(3, (index) => ask(made, `waiter-${index}`));
  const polls = await inTurn(10, () => ask(made, 'waiter-0'));
  for (const poll of polls) {
    expect(poll).toMatchObject({
      status: 202,
      body: { position: 1, queue_length: 3, ticket_id: first?.body.ticket_id },
    });
  }
  expect(await Promise.all(Array.from({ length: 20 }, () => ask(made, 'waiter-1'))).then(places)).toEqual(
    Array.from({ length: 20 }, () => [202, 2]),
  );
});

test('Q4: a seat that comes free goes to the first, neither to a newcomer nor to the second', async () => {
  const made = await full(1);
  await inTurn(2, (index) => ask(made, `waiter-${index}`));
  expect((await release(made.holders[0] as Reply)).status).toBe(200);
  expect(await acquire(made, 'newcomer')).toMatchObject({ status: 402, body: { code: 'no_seats_available' } });
  expect(places([await ask(made, 'waiter-1')])).toEqual([[202, 2]]);
  expect((await acquire(made, 'waiter-0')).status).toBe(201);
  expect(places([await ask(made, 'waiter-1')])).toEqual([[202, 1]]);
  expect(await usage(made)).toMatchObject({ seats_used: 1 });
});

test('Q5: who has stopped asking blocks nobody longer than three polls', async () => {
  const made = await full(1);
  await inTurn(2, (index) => ask(made, `waiter-${index}`));
  await release(made.holders[0] as Reply);
  advance(6);
  expect(places([await ask(made, 'waiter-1')])).toEqual([[202, 2]]);
  advance(5);
  expect((await ask(made, 'waiter-1')).status).toBe(201);
  expect(places([await ask(made, 'waiter-0')])).toEqual([[202, 1]]);
});

test('Q6: who leaves makes room', async () => {
  const made = await full(1);
  const [first] = await inTurn(3, (index) => ask(made, `waiter-${index}`));
  const left = await leave(first?.body.ticket_id);
  expect(left).toMatchObject({ status: 200, body: { ticket_id: first?.body.ticket_id } });
  expect((await leave(first?.body.ticket_id)).body).toEqual(left.body);
  const unknown = `${made.license_id}.${'x'.repeat(43)}`;
  expect(await leave(unknown)).toMatchObject({ status: 404, body: { code: 'ticket_not_found' } });
  expect(await leave('nonsense')).toMatchObject({ status: 404, body: { code: 'ticket_not_found' } });
  expect(places([await ask(made, 'waiter-1'), await ask(made, 'waiter-2')])).toEqual([
    [202, 1],
    [202, 2],
  ]);
  const again = await ask(made, 'waiter-0');
  expect(again).toMatchObject({ status: 202, body: { position: 3 } });
  expect(again.body.ticket_id).not.toBe(first?.body.ticket_id);
});

test('Q7: a full queue refuses', async () => {
  const made = await full(1, { queue: { max_length: 2 } });
  const replies = await inTurn(3, (index) => ask(made, `waiter-${index}`));
  expect(replies.map(({ status }) => status)).toEqual([202, 202, 402]);
  expect(replies[2]?.body).toMatchObject({ code: 'queue_full', queue_length: 2 });
  expect(places([await ask(made, 'waiter-1')])).toEqual([[202, 2]]);
});

test('Q8: who has waited as long as wanted is refused, and its ticket is gone', async () => {
  const made = await full(1);
  await ask(made, 'waiter-0', 60);
  for (let poll = 0; poll < 6; poll += 1) {
    advance(9);
    expect(places([await ask(made, 'waiter-0', 60)])).toEqual([[202, 1]]);
  }
  advance(7);
  expect(await ask(made, 'waiter-0', 60)).toMatchObject({ status: 402, body: { code: 'no_seats_available' } });
  expect(await ask(made, 'other')).toMatchObject({ status: 202, body: { position: 1, queue_length: 1 } });
});

test('Q9: a key with a higher priority goes first', async () => {
  const made = await full(1);
  await inTurn(2, (index) => ask(made, `waiter-${index}`));
  const key = await suite.post(`${LICENSES}/${made.license_id}/keys`, { keep: true, priority: 9 }, 'staff');
  expect(key).toMatchObject({ status: 201, body: { priority: 9 } });
  expect(places([await ask(key.body, 'urgent')])).toEqual([[202, 1]]);
  expect(places(await inTurn(2, (index) => ask(made, `waiter-${index}`)))).toEqual([
    [202, 2],
    [202, 3],
  ]);
  await release(made.holders[0] as Reply);
  expect(places([await ask(made, 'waiter-0')])).toEqual([[202, 2]]);
  expect((await ask(key.body, 'urgent')).status).toBe(201);
});

/** Runs a step as if it took no time, so that no ticket dies because the machine is slow. */
async function inNoTime<T>(act: () => Promise<T>): Promise<T> {
  const start = suite.stack.clock.now();
  const result = await act();
  advance((start - suite.stack.clock.now()) / 1000);
  return result;
}

/** The hostnames of those that wait, in order. */
async function queueOf({ license_id }: Licence): Promise<string[]> {
  const names: string[] = [];
  let path: string | undefined = `${LICENSES}/${license_id}/queue?limit=100`;
  while (path !== undefined) {
    const page: Reply = await suite.send('GET', path, undefined, 'owner');
    expect(page.status).toBe(200);
    for (const ticket of page.body) {
      names.push(ticket.hostname);
      expect(ticket.position).toBe(names.length);
    }
    path = /<(?<next>[^>]+)>/.exec(page.headers.get('link') ?? '')?.groups?.['next'];
  }
  return names;
}

test('Q10: twice as many wait as there are seats, and are served in turn', async () => {
  // The long test has two hundred and a hundred.
  const [seats, waiting, freed] = [20, 40, 7];
  const made = await full(seats);
  const poll = (name: string) => acquire(made, name, { hostname: name, queue: {} });
  const names = Array.from({ length: waiting }, (_, index) => `waiter-${index}`);
  await inNoTime(() => Promise.all(names.map(poll)));
  const order = await inNoTime(() => queueOf(made));
  expect(order.toSorted()).toEqual(names.toSorted());
  const served: string[] = [];
  for (let round = 0; served.length < seats && round < 20; round += 1) {
    const free = made.holders.slice(round * freed, (round + 1) * freed);
    const open = order.filter((name) => !served.includes(name));
    const replies = await inNoTime(async () => {
      await Promise.all(free.map(release));
      return Promise.all(open.map(poll));
    });
    const statuses = new Set(replies.map(({ status }) => status));
    expect([...statuses].filter((status) => status !== 201 && status !== 202)).toEqual([]);
    const got = open.filter((_, at) => replies[at]?.status === 201);
    // Whoever is served stands among the first for whom there is a seat.
    expect(order.slice(0, Math.min(seats, (round + 1) * freed))).toEqual(expect.arrayContaining(got));
    served.push(...got);
    expect((await usage(made)).seats_used).toBeLessThanOrEqual(seats);
  }
  expect(served.toSorted()).toEqual(order.slice(0, seats).toSorted());
  expect((await poll(order.at(-1) ?? '')).body).toMatchObject({
    position: waiting - seats,
    position_exact: true,
    queue_length: waiting - seats,
  });
}, 120_000);

test('Q11: a crashed holder makes room when its lease is over', async () => {
  const made = await full(1);
  expect(places([await ask(made, 'waiter-0')])).toEqual([[202, 1]]);
  advance(LEASE_SECONDS + 2);
  expect((await ask(made, 'waiter-0')).status).toBe(201);
  const beat = await suite.post(`${LICENSES}/heartbeat`, { session_id: made.holders[0]?.body.session_id });
  expect(beat).toMatchObject({ status: 410, body: { reason: 'reclaimed' } });
});

test('Q12: a machine that holds a seat is told so', async () => {
  const made = await full(1);
  const again = await ask(made, 'holder-0');
  expect(again).toMatchObject({ status: 200, body: { session_id: made.holders[0]?.body.session_id } });
});
