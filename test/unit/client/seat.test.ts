import { describe, expect, test } from 'vitest';
import { unpinnedKeys } from '../../../client/src/keys/unpinned.ts';
import { createSeatApi } from '../../../client/src/seat/api.ts';
import type { SeatError } from '../../../client/src/seat/error.ts';
import { holdSeatOn } from '../../../client/src/seat/hold.ts';
import type { HoldOptions } from '../../../client/src/seat/options.ts';
import type { Seat } from '../../../client/src/seat/seat.ts';
import { memoryStorage } from '../../../client/src/storage/memory.ts';
import { setUp } from './setting.ts';
import { START, settle } from './world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const LEASE = 6 * MINUTE;

const codeOf = (promise: Promise<Seat>) =>
  promise.then(
    () => 'held',
    (error: SeatError) => error.code,
  );

describe('a seat', () => {
  test('is held, kept alive, and given back', async () => {
    const { hold, outcome, pass, live, types, machine, server } = setUp();
    const seat = await outcome(hold());
    expect([seat.state, seat.hasFeature('export'), seat.hasFeature('other')]).toEqual(['held', true, false]);
    await pass(2 * HOUR);
    expect(live()).toBe(1);
    // acquire, keys, and a beat every 105 to 120 seconds
    expect(machine.requests).toBeGreaterThanOrEqual(2 + 60);
    expect(machine.requests).toBeLessThanOrEqual(2 + 70);
    await outcome(seat.release());
    expect([types(), server.sessions.size, seat.signal.aborted]).toEqual([['held', 'released'], 0, true]);
    const { requests } = machine;
    await outcome(seat.release());
    await pass(HOUR);
    expect(machine.requests).toBe(requests);
  });

  test('that was released is forgotten by then, however slow the storage is', async () => {
    const { hold, outcome } = setUp();
    const memory = memoryStorage();
    const kept: string[] = [];
    const seat = await outcome(
      hold({
        storage: {
          ...memory,
          async set(name, text) {
            for (let turns = 0; turns < 20; turns += 1) await undefined;
            kept.push(text);
            await memory.set(name, text);
          },
        },
      }),
    );
    const released = seat.release().then(() => kept.at(-1));
    expect(await outcome(released)).toBe('{"nothing":"released"}');
  });

  test('is signed afresh past half of its offline time, in the same session', async () => {
    const { hold, outcome, pass, events } = setUp();
    const seat = await outcome(hold());
    const first = seat.license;
    await pass(11 * HOUR);
    expect(seat.license).toBe(first);
    await pass(1.1 * HOUR);
    expect(events.map(({ type }) => type)).toEqual(['held', 'renewing', 'held']);
    expect(seat.license.claims['session_id']).toBe(first.claims['session_id']);
    expect((seat.license.validUntil ?? 0) - (first.validUntil ?? 0)).toBeGreaterThanOrEqual(12 * HOUR);
  });

  test('goes on through an outage longer than the lease, and says so once', async () => {
    const { hold, outcome, pass, machine, events, types, live } = setUp();
    const seat = await outcome(hold());
    await pass(10 * MINUTE);
    machine.network = 'refused';
    await pass(3 * HOUR);
    expect([seat.state, types(), live()]).toEqual(['offline', ['held', 'offline'], 0]);
    expect(events[1]).toMatchObject({ validUntil: seat.license.validUntil });
    machine.network = 'up';
    await pass(2 * MINUTE);
    expect([seat.state, types(), live()]).toEqual(['held', ['held', 'offline', 'online'], 1]);
  });

  test('that nobody answers at all is retried as well', async () => {
    const { hold, outcome, pass, machine, types } = setUp();
    await outcome(hold());
    machine.network = 'silent';
    await pass(HOUR);
    machine.network = 'up';
    await pass(2.5 * MINUTE);
    expect(types()).toEqual(['held', 'offline', 'online']);
  });

  test('ends at valid_until when nothing was heard until then, and not before', async () => {
    const { hold, outcome, world, machine, types, events } = setUp();
    const seat = await outcome(hold());
    const end = seat.license.validUntil ?? 0;
    machine.network = 'refused';
    await world.run(end - SECOND);
    expect(seat.state).toBe('offline');
    await world.run(end + 2 * SECOND);
    expect([seat.state, types().at(-1), seat.signal.aborted]).toEqual(['lost', 'lost', true]);
    expect(events.at(-1)).toMatchObject({ reason: 'offline_too_long' });
  });

  test('is not prolonged by a clock that is turned back', async () => {
    const { hold, outcome, world, machine, events } = setUp();
    const seat = await outcome(hold());
    const end = seat.license.validUntil ?? 0;
    machine.network = 'refused';
    await world.run(START + HOUR);
    machine.clockOffset = -20 * HOUR;
    await world.run(end + 2 * SECOND);
    expect(events.at(-1)).toMatchObject({ type: 'lost', reason: 'offline_too_long' });
  });

  test('survives a clock that was wrong all along', async () => {
    for (const offset of [-400 * 24 * HOUR, 400 * 24 * HOUR]) {
      const { hold, outcome, pass, machine, types } = setUp();
      machine.clockOffset = offset;
      const seat = await outcome(hold());
      await pass(3 * HOUR);
      expect([seat.state, types()]).toEqual(['held', ['held']]);
    }
  });

  test('is asked for at once when the machine wakes, though its timers stood still', async () => {
    const { hold, outcome, pass, machine, world, live } = setUp({ longestTimer: 30 * SECOND, timersSleep: true });
    const seat = await outcome(hold());
    await pass(MINUTE);
    machine.sleepUntil(world.now() + 9 * HOUR);
    await pass(9 * HOUR);
    expect(live()).toBe(0);
    await pass(31 * SECOND);
    expect([live(), seat.state]).toEqual([1, 'held']);
  });

  test('is asked for at once when the network is back, where the platform says so', async () => {
    const { hold, outcome, pass, machine } = setUp();
    const seat = await outcome(hold());
    machine.network = 'refused';
    await pass(HOUR);
    machine.network = 'up';
    machine.wake();
    await pass(SECOND);
    expect(seat.state).toBe('held');
  });

  test.each(['expired', 'reclaimed', 'released', 'seats_reduced'])(
    'that ended (%s) is acquired again',
    async (reason) => {
      const { hold, outcome, pass, server, types, live } = setUp();
      const seat = await outcome(hold());
      server.end(String(seat.license.claims['session_id']), reason);
      await pass(2.1 * MINUTE);
      expect([types(), live()]).toEqual([['held', 'held'], 1]);
    },
  );

  test.each(['admin_released', 'license_suspended', 'license_expired'])(
    'that was taken (%s) is lost',
    async (reason) => {
      const { hold, outcome, pass, server, events, machine, license, world } = setUp();
      const seat = await outcome(hold());
      if (reason === 'license_suspended') license.status = 'suspended';
      if (reason === 'license_expired') license.expiresAt = world.now();
      server.end(String(seat.license.claims['session_id']), reason);
      await pass(2.1 * MINUTE);
      expect(events.at(-1)).toMatchObject({ type: 'lost', reason });
      expect(seat.signal.aborted).toBe(true);
      const { requests } = machine;
      await pass(HOUR);
      expect(machine.requests).toBe(requests);
    },
  );

  test('that others took during an outage is lost, with who holds how many', async () => {
    const { hold, outcome, pass, machine, add, events } = setUp({}, 1);
    await outcome(hold());
    machine.network = 'refused';
    await pass(LEASE + MINUTE);
    await outcome(hold({ storage: memoryStorage(), onEvent: () => {} }, add('other')));
    machine.network = 'up';
    await pass(3 * MINUTE);
    expect(events.slice(-2)).toMatchObject([
      { type: 'denied', seatsUsed: 1, seatsTotal: 1 },
      { type: 'lost', reason: 'no_seats_available' },
    ]);
  });

  test('keeps its lease while signing fails, and its licence until it ends', async () => {
    const { hold, outcome, pass, server, live } = setUp();
    const seat = await outcome(hold());
    server.fault = 'signing';
    await pass(23 * HOUR);
    expect([seat.state, live()]).toEqual(['held', 1]);
    await pass(1.1 * HOUR);
    expect(seat.state).toBe('lost');
    await pass(LEASE);
    expect(live()).toBe(0);
  });

  test('is free after its lease when the program crashes', async () => {
    const { hold, outcome, pass, machine, live } = setUp();
    await outcome(hold());
    await pass(HOUR);
    machine.crash();
    await pass(LEASE);
    expect(live()).toBe(0);
  });

  test('is released when the signal is aborted, and by await using', async () => {
    const { hold, outcome, pass, server } = setUp();
    const stop = new AbortController();
    await outcome(hold({ signal: stop.signal }));
    stop.abort();
    await pass(SECOND);
    expect(server.sessions.size).toBe(0);
    const seat = await outcome(hold());
    await outcome(seat[Symbol.asyncDispose]());
    expect(server.sessions.size).toBe(0);
  });

  test('that cannot be given back is said to be, and ends with its lease', async () => {
    const { hold, outcome, events, machine, pass, live } = setUp();
    const seat = await outcome(hold());
    machine.network = 'refused';
    await outcome(seat.release());
    expect(events.at(-1)).toEqual({ type: 'released', confirmed: false, stillHeld: false });
    await pass(LEASE);
    expect(live()).toBe(0);
  });

  test('that is released while it is being renewed is released after that', async () => {
    const { hold, outcome, pass, server, machine } = setUp();
    const seat = await outcome(hold());
    machine.network = 'refused';
    await pass(10 * MINUTE);
    machine.network = 'up';
    machine.wake();
    await outcome(seat.release());
    expect(server.sessions.size).toBe(0);
  });
});

describe('without a seat', () => {
  test('holdSeat says why, and tells of every denial', async () => {
    const { hold, outcome, add, events } = setUp({}, 1);
    await outcome(hold());
    const other = outcome(hold({ storage: memoryStorage() }, add('other')));
    await expect(other).rejects.toMatchObject({ code: 'no_seats_available', seatsUsed: 1, seatsTotal: 1 });
    expect(events.at(-1)).toEqual({ type: 'denied', seatsUsed: 1, seatsTotal: 1, retryAt: undefined });
  });

  test('it is waited for as long as asked', async () => {
    const { hold, outcome, pass, add, events } = setUp({}, 1);
    const first = await outcome(hold());
    const waiting = hold({ storage: memoryStorage(), wait: 10 * MINUTE, onEvent: (e) => events.push(e) }, add('other'));
    await pass(MINUTE);
    await outcome(first.release());
    expect((await outcome(waiting)).state).toBe('held');
    expect(events.filter(({ type }) => type === 'denied').length).toBeGreaterThanOrEqual(3);
  });

  test('an unknown key is not tried twice', async () => {
    const { hold, outcome, machine } = setUp();
    expect(await outcome(codeOf(hold({ licenseKey: 'OTHER' })))).toBe('license_not_found');
    expect(machine.requests).toBe(1);
  });

  test('an unreachable server is tried for as long as patience lasts', async () => {
    const { hold, outcome, machine, world } = setUp();
    machine.network = 'refused';
    expect(await outcome(codeOf(hold({ patience: 2 * MINUTE })))).toBe('connection_refused');
    expect(machine.requests).toBeGreaterThanOrEqual(7);
    expect(world.now() - START).toBeLessThanOrEqual(2 * MINUTE + 10 * SECOND);
  });

  test('aborting ends the waiting', async () => {
    const { hold, outcome, machine, pass } = setUp();
    machine.network = 'refused';
    const stop = new AbortController();
    const waiting = codeOf(hold({ patience: HOUR, signal: stop.signal }));
    await pass(MINUTE);
    stop.abort();
    expect(await outcome(waiting)).toBe('aborted');
  });

  test('the licence of an earlier run starts the program offline', async () => {
    const { hold, outcome, pass, machine, events, world, live } = setUp();
    await outcome(hold());
    await pass(HOUR);
    machine.crash();
    machine.network = 'refused';
    await pass(10 * HOUR);
    const seat = await outcome(hold());
    expect([seat.state, events.at(-1)?.type]).toEqual(['offline', 'offline']);
    machine.network = 'up';
    await pass(3 * MINUTE);
    expect([seat.state, live()]).toEqual(['held', 1]);
    machine.crash();
    machine.network = 'refused';
    await world.run((seat.license.validUntil ?? 0) + SECOND);
    expect(await outcome(codeOf(hold()))).toBe('connection_refused');
    expect(events.at(-1)).toMatchObject({ type: 'refused_license', reason: 'stale' });
  });

  test('not with a clock turned back behind what was seen, and not after a release', async () => {
    const { hold, outcome, pass, machine, events } = setUp();
    const seat = await outcome(hold());
    machine.crash();
    machine.network = 'refused';
    machine.clockOffset = -HOUR;
    expect(await outcome(codeOf(hold()))).toBe('connection_refused');
    expect(events.at(-1)).toMatchObject({ type: 'refused_license', reason: 'clock_turned_back' });
    machine.clockOffset = -2 * MINUTE; // as far as honest clocks differ
    const offline = await outcome(hold());
    machine.network = 'up';
    await pass(5 * MINUTE);
    await outcome(offline.release());
    machine.network = 'refused';
    expect(await outcome(codeOf(hold()))).toBe('connection_refused');
    expect(seat.license.valid).toBe(true);
  });

  test('and not with a licence that somebody edited', async () => {
    const { hold, outcome, machine, storage, events } = setUp();
    const kept = new Map<string, string>();
    const watching = { ...storage, set: async (name: string, text: string) => void kept.set(name, text) };
    await outcome(hold({ storage: watching }));
    machine.crash();
    machine.network = 'refused';
    for (const [name, text] of kept) await storage.set(name, text.replace('export', 'admin'));
    expect(await outcome(codeOf(hold()))).toBe('connection_refused');
    expect(events.at(-1)).toMatchObject({ type: 'refused_license', reason: 'bad_signature' });
  });

  test.each([
    ['url', { url: 'licenses.example' }],
    ['licenseKey', { licenseKey: ' ' }],
    ['application', { application: '' }],
    ['hardwareId', { hardwareId: 'x'.repeat(257) }],
    ['wait', { wait: -1 }],
    ['timeout', { timeout: Number.NaN }],
    ['processId', { processId: 'x'.repeat(129) }],
    ['userToken', { userToken: 'the token itself' as never }],
  ])('a mistake in %s is a TypeError that names it', async (name, rest) => {
    const { hold } = setUp();
    await expect(hold(rest)).rejects.toThrow(new RegExp(`^${name}: `));
    await expect(hold(rest)).rejects.toBeInstanceOf(TypeError);
  });
});

describe('a user who signs in', () => {
  test('has as long as a request while the seat is held, and is not asked twice at a time', async () => {
    const { hold, outcome, pass, live, types, events } = setUp();
    let asked = 0;
    const late = Promise.withResolvers<string>();
    const seat = await outcome(
      hold({
        userToken: () => {
          asked += 1;
          return asked === 1 ? ' first ' : late.promise;
        },
      }),
    );
    await pass(20 * HOUR);
    // The heartbeats go on, and renew the licence by the session alone.
    expect([seat.state, live(), asked]).toEqual(['held', 1, 2]);
    expect(types()).not.toContain('offline');
    expect((seat.license.validUntil ?? 0) - START).toBeGreaterThan(30 * HOUR);
    late.resolve('late');
    await pass(24 * HOUR);
    expect([seat.state, asked]).toEqual(['held', 3]);
    expect(events.filter(({ type }) => type === 'held').length).toBeGreaterThan(1);
  });

  test('is waited for at the start, until the program gives up', async () => {
    const { hold, outcome, pass, server } = setUp();
    const person = Promise.withResolvers<string>();
    const waiting = hold({ userToken: () => person.promise });
    await pass(HOUR);
    person.resolve('token');
    expect((await outcome(waiting)).state).toBe('held');
    const userToken = () => new Promise<string>(() => {});
    const giveUp = new AbortController();
    const given = codeOf(hold({ userToken, signal: giveUp.signal }));
    await pass(HOUR);
    giveUp.abort();
    expect(await outcome(given)).toBe('aborted');
    expect(server.sessions.size).toBe(1);
  });

  test('who never answers keeps nobody on a licence that is over', async () => {
    const { hold, outcome, pass, machine } = setUp();
    let asked = 0;
    const seat = await outcome(hold({ userToken: () => (asked++ === 0 ? 'first' : new Promise<string>(() => {})) }));
    machine.network = 'refused';
    await pass(25 * HOUR);
    expect(seat.state).toBe('lost');
  });
});

describe('waits that the server names', () => {
  test.each([
    ['heartbeats', -1, 1e300],
    ['polls', -1, 1e300],
  ])('of %s that are none, or centuries, are not kept', async (what, ...seconds) => {
    const post = (body: object) => async () => ({ status: what === 'polls' ? 202 : 201, body: JSON.stringify(body) });
    const granted = {
      ...{ session_id: 's', expires_at: '2026-07-01T00:06:00.000Z', license_token: 'a.b.c' },
      ...{ ticket_id: 't', position: 1 },
    };
    const name = what === 'polls' ? 'poll_after_seconds' : 'heartbeat_interval_seconds';
    const [none, long] = await Promise.all(
      seconds.map((wait) => createSeatApi(post({ ...granted, [name]: wait }), 'p').acquire({})),
    );
    expect(none).toMatchObject({ kind: 'unavailable', code: 'not_a_license_server' });
    expect(long).toMatchObject(
      what === 'polls' ? { kind: 'queued', pollAfter: HOUR } : { kind: 'granted', interval: 24 * HOUR },
    );
  });
});

describe('programs that share a seat', () => {
  test('each gives back its part; the last one ends the session and forgets the licence', async () => {
    const { hold, outcome, pass, live, storage, machine, events } = setUp({}, 1);
    const [first, second] = [await outcome(hold()), await outcome(hold({ onEvent: () => {} }))];
    await outcome(first.release());
    expect(events.at(-1)).toEqual({ type: 'released', confirmed: true, stillHeld: true });
    await pass(10 * MINUTE);
    expect([second.state, live()]).toEqual(['held', 1]);
    // The licence is still kept, since the second window may crash and start again offline.
    machine.network = 'refused';
    expect((await outcome(hold({ storage }))).state).toBe('offline');
    machine.network = 'up';
    await pass(10 * MINUTE);
    await outcome(second.release());
  });
});

describe('whatever ends a seat asks the server first', () => {
  test.each([1, 12, 45])('a licence prolonged %i seconds before its end goes on', async (seconds) => {
    const { hold, outcome, world, license } = setUp();
    license.expiresAt = START + 2 * HOUR;
    const seat = await outcome(hold());
    await world.run(START + 2 * HOUR - seconds * SECOND);
    license.expiresAt = START + 40 * HOUR;
    await world.run(START + 3 * HOUR);
    expect([seat.state, seat.license.expiresAt]).toEqual(['held', START + 40 * HOUR]);
  });

  test('a licence that was suspended and reinstated meanwhile goes on, one that is suspended does not', async () => {
    const { hold, outcome, pass, server, live } = setUp();
    const seat = await outcome(hold());
    server.end(String(seat.license.claims['session_id']), 'license_suspended');
    await pass(2.1 * MINUTE);
    expect([seat.state, live()]).toEqual(['held', 1]);
  });

  test('a verdict that cannot be asked about any more holds', async () => {
    const { hold, outcome, pass, server, machine, events, world } = setUp();
    const seat = await outcome(hold());
    server.end(String(seat.license.claims['session_id']), 'license_suspended');
    // The answer to the heartbeat is the last one that arrives.
    const requests = machine.requests;
    while (machine.requests === requests) await world.run(world.now() + SECOND / 50);
    machine.network = 'refused';
    await pass(MINUTE);
    expect(events.at(-1)).toMatchObject({ type: 'lost', reason: 'license_suspended' });
  });

  test('a silent server ends the seat four seconds after its end, no later', async () => {
    const { hold, outcome, world, machine, types } = setUp();
    const seat = await outcome(hold());
    const end = seat.license.validUntil ?? 0;
    machine.network = 'silent';
    await world.run(end + 16 * SECOND);
    expect([seat.state, types().at(-1)]).toEqual(['lost', 'lost']);
  });
});

describe('a start without the server says why', () => {
  const failing = (hold: Promise<Seat>) =>
    hold.then(
      () => undefined,
      (error: SeatError) => ({ code: error.code, kept: error.kept?.reason, message: error.message }),
    );

  test('nothing was ever kept, the seat was given back, the licence is strict, the kept one is over', async () => {
    const { hold, outcome, pass, machine, license, storage } = setUp();
    const offline = async () => {
      machine.network = 'refused';
      const failure = await outcome(failing(hold({ storage })));
      machine.network = 'up';
      return failure;
    };
    expect(await offline()).toMatchObject({ code: 'connection_refused', kept: 'none' });
    const seat = await outcome(hold({ storage }));
    await outcome(seat.release());
    expect((await offline())?.message).toContain('gave its seat back');
    Object.assign(license, { offlineSeconds: 360 });
    await outcome(hold({ storage }));
    machine.crash();
    expect((await offline())?.message).toContain('only while the server answers');
    Object.assign(license, { offlineSeconds: 3600 });
    await outcome(hold({ storage }));
    machine.crash();
    await pass(2 * HOUR);
    expect(await offline()).toMatchObject({ kept: 'stale' });
  });

  test('an end that the server did not hear of keeps the licence, as a crash does', async () => {
    const { hold, outcome, machine, storage } = setUp();
    const seat = await outcome(hold({ storage }));
    machine.network = 'refused';
    await outcome(seat.release());
    expect((await outcome(hold({ storage }))).state).toBe('offline');
  });

  test('a key typed in another way finds the licence of the last run', async () => {
    const { hold, outcome, machine, storage } = setUp();
    await outcome(hold({ storage }));
    machine.crash();
    machine.network = 'refused';
    expect((await outcome(hold({ storage, licenseKey: ' k\u2013e\u00ady\r\n' }))).state).toBe('offline');
  });
});

test.each([
  [{ licenseKey: undefined }, /licenseKey.*undefined.*variable/],
  [{ url: undefined }, /url.*undefined/],
  [{ product: undefined }, /product.*undefined/],
  [{ keys: undefined }, /keys.*rootKey/],
  [{ application: 5 }, /application.*number/],
  [{ licenseKey: 12345 }, /licenseKey.*number/],
  [{ licenseKey: '\u200b"-"' }, /licenseKey.*empty/],
  [{ hardwareId: 7 }, /hardwareId.*number/],
  [{ patience: '30' }, /patience/],
  [{ url: 'licenses.example.com' }, /url.*address/],
  [{ url: 'https://me:secret@licenses.example.com' }, /url.*without name and password/],
  [{ url: 'https://licenses.example.com/?tenant=1' }, /url.*query/],
  [{ userEmail: 5 }, /userEmail.*number/],
  [{ hostname: true }, /hostname.*boolean/],
  [{ onEvent: 'log' }, /onEvent.*function/],
  [{ fetch: {} }, /fetch.*function/],
  [{ storage: '/var/lib' }, /storage.*get, set, delete/],
  [{ signal: {} }, /signal.*addEventListener/],
  [{ releaseOnExit: 'no' }, /releaseOnExit.*true or false/],
])('an option that is missing or of another kind is named: %o', async (rest, message) => {
  const { machine } = setUp();
  const options = { url: 'http://licenses.example', licenseKey: 'KEY', product: 'p', keys: unpinnedKeys(), ...rest };
  // @ts-expect-error what JavaScript programs pass
  await expect(holdSeatOn(machine.platform, options)).rejects.toThrow(message);
});

describe('a strict licence', () => {
  const strict = (seats = 1) => {
    const setting = setUp({}, seats);
    Object.assign(setting.license, { offlineSeconds: 0 });
    return setting;
  };

  test('is prolonged with its heartbeats, and nothing of it is kept', async () => {
    const { hold, outcome, pass, types, server, storage, live, add } = strict();
    const seat = await outcome(hold());
    const first = seat.license.validUntil ?? 0;
    await pass(2 * HOUR);
    expect([seat.state, live(), types()]).toEqual(['held', 1, ['held']]);
    expect(seat.license.validUntil).toBeGreaterThan(first + 110 * MINUTE);
    expect(Math.floor([...server.sessions.values()][0]?.expiresAt ?? 0)).toBe(seat.license.validUntil);
    server.fault = 'down';
    expect(await outcome(codeOf(hold({ storage, patience: 0 }, add('m'))))).toBe('server_failed');
  });

  test('ends within a lease when nothing is signed any more, and says why', async () => {
    const { hold, outcome, pass, events, server } = strict();
    const seat = await outcome(hold());
    server.fault = 'signing';
    await pass(LEASE + MINUTE);
    expect(seat.state).toBe('lost');
    const told = events.map((event) => ('code' in event ? event.code : 'reason' in event ? event.reason : event.type));
    expect(told).toEqual(['held', 'signing_unavailable', 'offline_too_long']);
  });
});

test('a strict copy that is put into the storage starts nothing, whatever the clock says', async () => {
  const { hold, outcome, machine, storage, license, world } = setUp();
  const written = new Map<string, string>();
  const set = async (name: string, text: string) => {
    written.set(name, text);
    await storage.set(name, text);
  };
  let copy: unknown;
  const fetch: HoldOptions['fetch'] = async (url, init) => {
    const answer = await machine.platform.fetch(url, init);
    const text = await answer.text();
    if (url.endsWith('/acquire')) copy = JSON.parse(text).license_data;
    return { ...answer, text: async () => text };
  };
  Object.assign(license, { offlineSeconds: 0 });
  await outcome(hold({ storage: { ...storage, set }, fetch }));
  machine.crash();
  const [name = ''] = [...written].find(([, text]) => text === '{"nothing":"strict"}') ?? [];
  await storage.set(name, JSON.stringify({ license: copy }));
  machine.network = 'refused';
  machine.clockOffset = START - world.now();
  const error = await outcome(hold({ storage, patience: 0 }).catch((cause: SeatError) => cause));
  expect(error).toMatchObject({ code: 'connection_refused', kept: { reason: 'none' } });
  expect(String(error)).toContain('only while the server answers');
});

describe('the hours of a kept copy are lived once, whoever sets the clock', () => {
  const started = async () => {
    const setting = setUp();
    const seat = await setting.outcome(setting.hold());
    setting.machine.crash();
    setting.machine.network = 'refused';
    return { ...setting, end: seat.license.validUntil ?? 0 };
  };

  test('within one run without the server', async () => {
    const { hold, outcome, pass, machine, events, world, end } = await started();
    await outcome(hold());
    while (world.now() < end + HOUR) {
      await pass(HOUR);
      machine.clockOffset -= HOUR;
    }
    expect(events.at(-1)).toMatchObject({ type: 'lost', reason: 'offline_too_long' });
  });

  test.each([1, 7, 600])('in many runs, each killed after %i minutes', async (minutes) => {
    const { hold, outcome, pass, machine, world, storage, end } = await started();
    let noted = 0;
    const set = async (name: string, text: string) => {
      if (name.endsWith('-time')) noted = Number(text);
      await storage.set(name, text);
    };
    let seat: Seat | SeatError = await outcome(hold({ storage: { ...storage, set } }));
    while (world.now() < end + 2 * HOUR && 'state' in seat && seat.state === 'offline') {
      for (let n = 0; n < minutes && seat.state === 'offline'; n += 1) await pass(MINUTE);
      machine.crash();
      // As far back as a start allows.
      machine.clockOffset = noted - 4 * MINUTE - world.now();
      seat = await outcome(hold({ storage: { ...storage, set }, patience: 0 }).catch((error: SeatError) => error));
    }
    expect(world.now()).toBeLessThanOrEqual(end + 2 * MINUTE);
  });
});

test('a recorded answer holds no seat: it does not repeat the nonce', async () => {
  const { hold, outcome, machine, events } = setUp();
  let recorded: string | undefined;
  const fetch: HoldOptions['fetch'] = async (url, init) => {
    const answer = await machine.platform.fetch(url, init);
    if (!url.endsWith('/acquire')) return answer;
    recorded ??= await answer.text();
    const text = recorded;
    return { ...answer, text: async () => text };
  };
  const seat = await outcome(hold({ fetch }));
  await outcome(seat.release());
  const again = await outcome(hold({ fetch, storage: memoryStorage() }).catch((error: SeatError) => error));
  expect(again).toMatchObject({ code: 'license_invalid', reason: 'wrong_nonce' });
  expect(events.at(-1)).toMatchObject({ type: 'refused_license', reason: 'wrong_nonce' });
});

describe('a program that is ended', () => {
  test('while its seat is asked for gives it back, and hears of no error before its end', async () => {
    const { hold, machine, pass, live, outcome } = setUp();
    let heard = false;
    const hear = () => {
      heard = true;
    };
    hold().then(hear, hear);
    await pass(10);
    const leaving = machine.exit()?.release();
    await outcome(Promise.resolve(leaving));
    expect([live(), heard]).toEqual([0, false]);
  });

  test('while it waits for a free seat ends at once', async () => {
    const { hold, machine, pass, add, outcome } = setUp({}, 1);
    await outcome(hold({ storage: memoryStorage() }, add('another')));
    void hold({ wait: HOUR });
    await pass(10 * SECOND);
    let ended = false;
    void machine
      .exit()
      ?.release()
      .then(() => {
        ended = true;
      });
    await settle();
    expect(ended).toBe(true);
  });

  test('by a listener that is told of the seat still has the session to give back', async () => {
    const { hold, machine, outcome } = setUp();
    const farewells: unknown[] = [];
    await outcome(hold({ onEvent: ({ type }) => type === 'held' && farewells.push(machine.exit()?.farewell()) }));
    expect(farewells).toEqual([expect.objectContaining({ body: expect.stringContaining('session_id') })]);
  });

  test('has nothing more to do once the seat is given back, or there was none', async () => {
    const { hold, machine, outcome, add } = setUp({}, 1);
    const seat = await outcome(hold());
    await outcome(codeOf(hold({ storage: memoryStorage() }, add('another'))));
    expect(machine.exit()).toBeDefined();
    await outcome(seat.release());
    expect(machine.exit()).toBeUndefined();
  });
});

test('a signal that is aborted by the listener that is told of the seat gives it back', async () => {
  const { hold, outcome, live, pass } = setUp();
  const stop = new AbortController();
  const seat = await outcome(hold({ signal: stop.signal, onEvent: ({ type }) => type === 'held' && stop.abort() }));
  await pass(SECOND);
  expect([seat.state, live()]).toEqual(['released', 0]);
});
