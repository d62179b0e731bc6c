import { describe, expect, test } from 'vitest';
import { SeatError } from '../../../client/src/seat/error.ts';
import { holdSeatOn } from '../../../client/src/seat/hold.ts';
import type { Seat } from '../../../client/src/seat/seat.ts';
import { memoryStorage } from '../../../client/src/storage/memory.ts';
import { setUp } from './setting.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function lending(earlyReturn = true, seats = 2) {
  const setting = setUp({}, seats);
  setting.license.borrow = { maxSeconds: (7 * DAY) / 1000, earlyReturn };
  const { hold, outcome, world } = setting;
  return {
    ...setting,
    async borrowed(seconds?: number) {
      const seat = await outcome(hold());
      await outcome(seat.borrow(seconds));
      return seat;
    },
    /** The seconds until then, to the nearest ten: a call takes some time. */
    seconds: (until: number | undefined) => Math.round(((until ?? 0) - world.now()) / 10_000) * 10,
  };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof SeatError ? error.code : String(error)),
  );

describe('borrow', () => {
  test('makes the seat this machine’s until its end, and says so', async () => {
    const { borrowed, seconds, types, events, live } = lending();
    const seat = await borrowed(DAY / 1000);
    expect([seat.state, types(), live()]).toEqual(['borrowed', ['held', 'borrowed'], 1]);
    expect(seconds(seat.borrowedUntil)).toBe(DAY / 1000);
    expect(events.at(-1)).toMatchObject({ borrowedUntil: seat.borrowedUntil });
    expect(seat.license.claims).toMatchObject({ mode: 'borrowed' });
  });

  test('for as long as the licence allows by default; again for longer, and never shorter', async () => {
    const { borrowed, outcome, seconds, types } = lending();
    const seat = await borrowed(3600);
    await outcome(seat.borrow(7200));
    const end = seat.borrowedUntil;
    expect(seconds(end)).toBe(7200);
    await outcome(seat.borrow(3600));
    expect(seat.borrowedUntil).toBe(end);
    await outcome(seat.borrow());
    expect(seconds(seat.borrowedUntil)).toBe((7 * DAY) / 1000);
    expect(types()).toEqual(['held', 'borrowed', 'borrowed', 'borrowed']);
  });

  test('that is refused or not answered changes nothing, and says why', async () => {
    const { hold, outcome, pass, machine, license, types } = lending();
    const seat = await outcome(hold());
    const failed = await outcome(seat.borrow((8 * DAY) / 1000).catch((error: unknown) => error));
    expect(failed).toMatchObject({ code: 'borrow_too_long', maxSeconds: (7 * DAY) / 1000 });
    delete license.borrow;
    expect(await outcome(codeOf(seat.borrow()))).toBe('borrow_not_allowed');
    machine.network = 'refused';
    expect(await outcome(codeOf(seat.borrow()))).toBe('connection_refused');
    machine.network = 'up';
    await pass(10 * MINUTE);
    expect([seat.state, seat.borrowedUntil, types()[0]]).toEqual(['held', undefined, 'held']);
  });

  test('and two wishes at once come one after the other', async () => {
    const { hold, outcome, seconds } = lending();
    const seat = await outcome(hold());
    await outcome(Promise.all([seat.borrow(3600), seat.borrow(7200)]));
    expect(seconds(seat.borrowedUntil)).toBe(7200);
    expect(await outcome(codeOf(Promise.all([seat.returnBorrowed(), seat.borrow(3600)])))).toBe('not_held');
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '3600'])('of %s seconds is a mistake', async (seconds) => {
    const { hold, outcome } = lending();
    const seat: Seat & { borrow(seconds: unknown): unknown } = await outcome(hold());
    expect(() => seat.borrow(seconds)).toThrow(TypeError);
  });
});

describe('a borrowed seat', () => {
  test('needs no server, and tells nobody that there is none', async () => {
    const { borrowed, machine, pass, types } = lending();
    const seat = await borrowed((6 * DAY) / 1000);
    machine.network = 'refused';
    await pass(5.9 * DAY);
    expect([seat.state, types()]).toEqual(['borrowed', ['held', 'borrowed']]);
    // A look now and then, not a heartbeat every two minutes.
    expect(machine.requests).toBeLessThan(5.9 * 24 * 8 + 20);
  });

  test('outlives its program, however that ends, and is there at the next start without a network', async () => {
    for (const end of ['release', 'exit', 'crash'] as const) {
      const { borrowed, hold, outcome, machine, pass, server, events } = lending();
      const seat = await borrowed((6 * DAY) / 1000);
      const until = seat.borrowedUntil;
      if (end === 'release') await outcome(seat.release());
      if (end === 'exit') expect(machine.exit()?.farewell()).toBeUndefined();
      machine.crash();
      if (end === 'release') expect(events.at(-1)).toEqual({ type: 'released', confirmed: true, stillHeld: true });
      expect([...server.sessions.values()].map((session) => session.borrowedUntil)).toEqual([until]);
      machine.network = 'refused';
      await pass(5 * DAY);
      const again = await outcome(hold());
      expect([again.state, again.borrowedUntil, events.at(-1)?.type]).toEqual(['borrowed', until, 'borrowed']);
    }
  });

  test('is the same at a start with a network, and an aborted start leaves it borrowed', async () => {
    const { borrowed, hold, outcome, server } = lending();
    const seat = await borrowed(DAY / 1000);
    await outcome(seat.release());
    const stop = new AbortController();
    const starting = codeOf(hold({ signal: stop.signal }));
    stop.abort();
    expect(await outcome(starting)).toBe('aborted');
    expect([(await outcome(hold())).state, server.sessions.size]).toEqual(['borrowed', 1]);
  });

  test('is held on at its end when the server answers, and lost when it does not', async () => {
    for (const [network, expected] of [
      ['up', ['held', 'held']],
      ['refused', ['lost', 'lost']],
    ] as const) {
      const { borrowed, machine, world, types, events, live } = lending();
      const seat = await borrowed(DAY / 1000);
      machine.network = network;
      await world.run((seat.borrowedUntil ?? 0) + 20 * SECOND);
      expect([seat.state, types().at(-1)]).toEqual(expected);
      if (network === 'refused') expect(events.at(-1)).toMatchObject({ reason: 'borrow_ended' });
      else expect(live()).toBe(1);
    }
  });

  test('is held on at its end when the server, whose clock is behind by the way of an answer, still has it borrowed', async () => {
    const { borrowed, world, server, types } = lending();
    const seat = await borrowed(DAY / 1000);
    const until = seat.borrowedUntil ?? 0;
    for (const session of server.sessions.values()) session.borrowedUntil = until + 10;
    await world.run(until + 20 * SECOND);
    expect([seat.state, types()]).toEqual(['held', ['held', 'borrowed', 'held']]);
  });

  test('is refused when the clock is turned back behind what was seen, and after its end', async () => {
    const { borrowed, hold, outcome, machine, pass, events, world } = lending();
    const seat = await borrowed((6 * DAY) / 1000);
    machine.network = 'refused';
    await pass(3 * DAY);
    machine.crash();
    machine.clockOffset = -2 * DAY;
    expect(await outcome(codeOf(hold()))).toBe('connection_refused');
    expect(events.at(-1)).toMatchObject({ type: 'refused_license', reason: 'clock_turned_back' });
    machine.clockOffset = -2 * MINUTE;
    expect((await outcome(hold())).state).toBe('borrowed');
    machine.crash();
    await world.run((seat.borrowedUntil ?? 0) + 5 * MINUTE);
    expect(await outcome(codeOf(hold()))).toBe('connection_refused');
    expect(events.at(-1)).toMatchObject({ type: 'refused_license', reason: 'stale' });
  });

  test.each(['recalled', 'admin_released'])('that was taken back (%s) is lost when that is heard', async (reason) => {
    const { borrowed, server, pass, events } = lending();
    const seat = await borrowed(DAY / 1000);
    server.end(String(seat.license.claims['session_id']), reason);
    await pass(16 * MINUTE);
    expect(events.at(-1)).toMatchObject({ type: 'lost', reason });
  });

  test('is that of another program of the machine, too, which neither ends nor forgets it', async () => {
    const { borrowed, hold, outcome, pass, server, machine } = lending();
    const other = await outcome(hold());
    const seat = await borrowed(DAY / 1000);
    await pass(5 * MINUTE);
    expect([other.state, other.borrowedUntil]).toEqual(['borrowed', seat.borrowedUntil]);
    await outcome(other.release());
    expect(server.sessions.size).toBe(1);
    machine.crash();
    machine.network = 'refused';
    expect((await outcome(hold())).state).toBe('borrowed');
  });

  test('is not forgotten by a program that is released before it heard of it', async () => {
    const { borrowed, hold, outcome, server, machine } = lending();
    const other = await outcome(hold());
    await borrowed(DAY / 1000);
    await outcome(other.release());
    expect(server.sessions.size).toBe(1);
    machine.crash();
    machine.network = 'refused';
    expect((await outcome(hold())).state).toBe('borrowed');
  });
});

describe('returnBorrowed', () => {
  test('gives the seat back, and nothing starts from its copy any more', async () => {
    const { borrowed, outcome, hold, server, machine, types } = lending();
    const seat = await borrowed(DAY / 1000);
    await outcome(seat.returnBorrowed());
    expect([seat.state, seat.signal.aborted, types().at(-1), server.sessions.size]).toEqual([
      ...['released', true, 'released', 0],
    ]);
    machine.network = 'refused';
    expect(await outcome(codeOf(hold()))).toBe('connection_refused');
  });

  test('returns what an earlier run borrowed, and says when there is nothing or no way', async () => {
    const { borrowed, hold, outcome, machine, server } = lending();
    await outcome((await borrowed(DAY / 1000)).release());
    machine.network = 'refused';
    const seat = await outcome(hold());
    expect(await outcome(codeOf(seat.returnBorrowed()))).toBe('connection_refused');
    expect(seat.state).toBe('borrowed');
    machine.network = 'up';
    await outcome(seat.returnBorrowed());
    expect(server.sessions.size).toBe(0);
    const online = await outcome(hold());
    expect(await outcome(codeOf(online.returnBorrowed()))).toBe('not_borrowed');
    expect(online.state).toBe('held');
  });

  test('is refused before its time where the licence says so', async () => {
    const { borrowed, outcome } = lending(false);
    const seat = await borrowed(DAY / 1000);
    const failed = await outcome(seat.returnBorrowed().catch((error: unknown) => error));
    expect(failed).toMatchObject({ code: 'early_return_not_allowed', borrowedUntil: seat.borrowedUntil });
    expect(seat.state).toBe('borrowed');
  });
});

describe('a licence file', () => {
  async function withFile() {
    const setting = lending();
    const { borrowed, machine, events, outcome, world } = setting;
    const seat = await borrowed((6 * DAY) / 1000);
    const claims = seat.license.claims;
    const text = JSON.stringify(setting.server.sign(claims));
    machine.crash();
    events.length = 0;
    const keys = JSON.stringify(setting.server.handle('/api/v1/public-keys', {}).body);
    const storage = memoryStorage();
    const open = (licenseFile = text) =>
      holdSeatOn(machine.platform, { licenseFile, product: 'default', keys, storage, onEvent: (e) => events.push(e) });
    return { ...setting, open, text, until: seat.borrowedUntil ?? 0, run: world.run, outcome };
  }

  test('holds the seat until its end and asks nobody for it', async () => {
    const { open, outcome, machine, until, types, events, run } = await withFile();
    const seat = await outcome(open());
    expect([seat.state, seat.borrowedUntil, seat.hasFeature('export')]).toEqual(['borrowed', until, true]);
    const { requests } = machine;
    expect(await outcome(codeOf(seat.borrow()))).toBe('borrowed_as_file');
    expect(await outcome(codeOf(seat.returnBorrowed()))).toBe('borrowed_as_file');
    await run(until - SECOND);
    expect([seat.state, machine.requests]).toEqual(['borrowed', requests]);
    await run(until + 2 * SECOND);
    expect([seat.state, types(), machine.requests]).toEqual(['lost', ['borrowed', 'lost'], requests]);
    expect(events.at(-1)).toMatchObject({ reason: 'borrow_ended' });
  });

  test('is refused when it was edited, is for another machine, is not borrowed, or the clock was turned back', async () => {
    const { open, outcome, text, machine, pass } = await withFile();
    const failure = (file?: string) => outcome(open(file).catch((error: unknown) => error));
    expect(await failure(text.replace('export', 'admin'))).toMatchObject({ reason: 'bad_signature' });
    const seat = await outcome(open());
    await pass(2 * DAY);
    await outcome(seat.release());
    machine.clockOffset = -DAY;
    expect(await failure()).toMatchObject({ code: 'license_invalid', reason: 'clock_turned_back' });
    machine.clockOffset = 0;
    machine.platform.hardwareId = async () => 'another';
    expect(await failure()).toMatchObject({ reason: 'wrong_hardware' });
    expect(await failure('no licence')).toMatchObject({ reason: 'malformed' });
  });
});

describe('the queue', () => {
  function queueing(queueLength = 10) {
    const setting = setUp({}, 1);
    setting.license.queueLength = queueLength;
    return setting;
  }
  const elsewhere = { storage: memoryStorage(), onEvent: () => {} };

  test('is waited in, with a place that is told when it changes, and asked for when the server says', async () => {
    const { hold, outcome, pass, add, events, server, types, machine } = queueing();
    const holder = await outcome(hold(elsewhere, add('holder')));
    const first = hold({ ...elsewhere, storage: memoryStorage(), wait: HOUR }, add('first'));
    await pass(SECOND);
    const waiting = hold({ wait: HOUR });
    await pass(10 * MINUTE);
    expect([server.queue, types()]).toEqual([['first', 'm'], ['queued']]);
    expect(events[0]).toMatchObject({ position: 2, queueLength: 2, positionExact: true, pollAfter: 3 * SECOND });
    // Every three seconds, and one for the keys.
    expect(machine.requests).toBeGreaterThan(190);
    expect(machine.requests).toBeLessThan(205);
    await outcome(holder.release());
    const next = await outcome(first);
    await pass(10 * SECOND);
    await outcome(next.release());
    const seat = await outcome(waiting);
    expect([seat.state, server.queue, types()]).toEqual(['held', [], ['queued', 'queued', 'held']]);
    expect(events[1]).toMatchObject({ position: 1, queueLength: 1 });
  });

  test('is left when the waiting is aborted, is over, or the program ends', async () => {
    for (const end of ['abort', 'over', 'exit'] as const) {
      const { hold, outcome, pass, add, server, machine } = queueing();
      await outcome(hold(elsewhere, add('holder')));
      const stop = new AbortController();
      const waiting = codeOf(hold({ wait: 5 * MINUTE, signal: stop.signal }));
      await pass(MINUTE);
      expect(server.queue).toEqual(['m']);
      if (end === 'abort') stop.abort();
      if (end === 'exit') void machine.exit()?.release();
      if (end === 'over') await pass(5 * MINUTE);
      if (end === 'abort') expect(await outcome(waiting)).toBe('aborted');
      if (end === 'over') expect(await outcome(waiting)).toBe('no_seats_available');
      await pass(SECOND);
      expect(server.queue).toEqual([]);
    }
  });

  test('keeps its place through a short outage', async () => {
    const { hold, outcome, pass, add, server, machine } = queueing();
    const holder = await outcome(hold(elsewhere, add('holder')));
    const waiting = hold({ wait: HOUR });
    await pass(MINUTE);
    machine.network = 'refused';
    await pass(20 * SECOND);
    machine.network = 'up';
    await pass(MINUTE);
    expect(server.queue).toEqual(['m']);
    await outcome(holder.release());
    expect((await outcome(waiting)).state).toBe('held');
  });

  test('that is full is said to be, and nobody queues who does not wait', async () => {
    const { hold, outcome, add, pass, server } = queueing(1);
    await outcome(hold(elsewhere, add('holder')));
    void codeOf(hold({ ...elsewhere, storage: memoryStorage(), wait: HOUR }, add('first')));
    await pass(SECOND);
    expect(await outcome(codeOf(hold({ wait: 1 })))).toBe('queue_full');
    expect(await outcome(codeOf(hold()))).toBe('no_seats_available');
    expect(server.queue).toEqual(['first']);
  });
});

test.each(['moved', 'self_released'])('a seat that its user has ended elsewhere (%s) is lost', async (reason) => {
  const { hold, outcome, server, pass, events } = setUp();
  const seat = await outcome(hold());
  server.end(String(seat.license.claims['session_id']), reason);
  await pass(2.1 * MINUTE);
  expect(events.at(-1)).toMatchObject({ type: 'lost', reason });
  expect(server.sessions.size).toBe(0);
});
