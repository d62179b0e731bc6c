import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Adapter, Answer } from '../adapter.ts';
import { refused, type ScriptedServer } from '../server.ts';
import { acquires, failing, held, refusedWith, type Scenario, type Stage, stateOf, types } from './scenario.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** A licence whose seats can be borrowed for a week, and a program that holds one. */
async function lending({ server, program, hold }: Stage, earlyReturn = true): Promise<Adapter> {
  server.terms.borrow = { maxSeats: 1, maxSeconds: 7 * DAY, earlyReturn };
  const one = await program();
  held(await hold(one));
  return one;
}

async function borrow(program: Adapter, seconds?: number): Promise<number> {
  const answer = await program.ask({ do: 'borrow', ...(seconds && { seconds }) });
  expect(answer).toMatchObject({ ok: true, state: 'borrowed', borrowed_until_ms: expect.any(Number) });
  return answer.borrowed_until_ms ?? 0;
}

/** The end of the only seat, which must be borrowed. */
const endOf = (server: ScriptedServer) => server.sessions()[0]?.borrowedUntil;

const borrowed = (answer: Answer) => expect(answer).toMatchObject({ ok: true, state: 'borrowed' });

const refuses = (
  name: string,
  code: string,
  prepare: (server: ScriptedServer) => void,
  more: object = {},
): Scenario => ({
  name: `borrow is refused, and the seat held on: ${name}`,
  needs: 'borrow',
  async play(stage) {
    const one = await lending(stage);
    prepare(stage.server);
    expect(await one.ask({ do: 'borrow', seconds: 8 * DAY })).toMatchObject({ ok: false, code, ...more });
    stage.server.state.fault = undefined;
    await stage.server.until('heartbeat', stage.server.of('heartbeat').length + 2);
    expect([await stateOf(one), endOf(stage.server), stage.server.live()]).toEqual(['held', undefined, 1]);
  },
});

/** A seat is borrowed for a day, the program is gone, and a start without the server comes so many seconds later. */
const startsLater = (
  name: string,
  seconds: number,
  check: (answer: Answer, program: Adapter) => unknown,
): Scenario => ({
  name: `a borrowed seat at a start without the server: ${name}`,
  needs: 'borrow',
  async play(stage) {
    const one = await lending(stage);
    await borrow(one, DAY);
    await one.end('SIGKILL');
    stage.server.state.fault = failing;
    const two = await stage.program();
    await two.ask({ do: 'clock', offset_ms: seconds * 1000 });
    await check(await stage.hold(two), two);
  },
});

const refusedStart = (reason: string) => async (answer: Answer, program: Adapter) => {
  refusedWith('server_failed')(answer);
  await program.event('refused_license', { reason });
};

/** Seats that are this machine's for a time, with or without the server. */
export const BORROW: readonly Scenario[] = [
  {
    name: 'a borrowed seat is this machine’s until its end, and its release leaves it borrowed',
    needs: 'borrow',
    async play(stage) {
      const { server } = stage;
      const one = await lending(stage);
      const until = await borrow(one, DAY);
      expect(until).toBe(endOf(server));
      expect(await one.event('borrowed')).toMatchObject({ borrowed_until_ms: until });
      expect(await one.ask({ do: 'state' })).toMatchObject({ state: 'borrowed', borrowed_until_ms: until });
      expect(await one.ask({ do: 'release' })).toMatchObject({ ok: true, state: 'released' });
      expect(await one.event('released')).toMatchObject({ confirmed: true, still_held: true });
      expect([endOf(server), server.of('release').length]).toEqual([until, 0]);
      expect(types(one)).toEqual(['held', 'borrowed', 'released']);
    },
  },
  {
    name: 'a borrowed seat is borrowed for longer, and never for less',
    needs: 'borrow',
    async play(stage) {
      const one = await lending(stage);
      const first = await borrow(one, HOUR);
      const second = await borrow(one, 2 * HOUR);
      expect(second).toBeGreaterThan(first);
      expect(await borrow(one, HOUR)).toBe(second);
      const longest = await borrow(one);
      expect(longest).toBeGreaterThan(second);
      expect(stage.server.of('borrow').map(({ body }) => body['borrow_seconds'])).toEqual([
        ...[HOUR, 2 * HOUR, HOUR, undefined],
      ]);
      expect([endOf(stage.server), stage.server.live()]).toEqual([longest, 1]);
    },
  },
  {
    name: 'each request to borrow draws a nonce and names its program',
    needs: 'borrow',
    async play(stage) {
      const one = await lending(stage);
      await borrow(one, HOUR);
      const [acquire, asked] = [...stage.server.of('acquire'), ...stage.server.of('borrow')].map(({ body }) => body);
      expect(asked?.['nonce']).toMatch(/^[A-Za-z0-9_-]{16,64}$/);
      expect(asked?.['nonce']).not.toBe(acquire?.['nonce']);
      expect(asked?.['program']).toBe(acquire?.['program']);
    },
  },
  refuses('the licence lends none', 'borrow_not_allowed', ({ terms }) => {
    terms.borrow = undefined;
  }),
  refuses('for so long', 'borrow_too_long', () => {}, { max_seconds: 7 * DAY }),
  refuses('as many as may be are borrowed', 'no_borrow_available', ({ terms }) => {
    terms.borrow = { maxSeats: 0, maxSeconds: 9 * DAY, earlyReturn: true };
  }),
  refuses('the server does not answer', 'server_failed', ({ state }) => {
    state.fault = ({ path }) => (path.endsWith('/borrow') ? refused(500, 'internal') : undefined);
  }),
  refuses('nothing can be signed', 'signing_unavailable', ({ state }) => {
    state.fault = ({ path }) => (path.endsWith('/borrow') ? refused(503, 'signing_unavailable') : undefined);
  }),
  {
    name: 'a recording of an answer to borrow is not believed',
    needs: 'borrow',
    async play(stage) {
      const one = await lending(stage);
      stage.server.state.claims = { nonce: 'recorded-recorded-recorded' };
      const answer = await one.ask({ do: 'borrow', seconds: HOUR });
      expect(answer).toMatchObject({ ok: false, code: 'license_invalid', reason: 'wrong_nonce' });
      expect(await stateOf(one)).toBe('held');
    },
  },
  {
    name: 'a borrowed seat is returned, and leaves nothing for a start without the server',
    needs: 'borrow',
    async play(stage) {
      const { server, program, hold } = stage;
      const one = await lending(stage);
      await borrow(one, DAY);
      expect(await one.ask({ do: 'return_borrowed' })).toMatchObject({ ok: true, state: 'released' });
      expect(await one.event('released')).toMatchObject({ confirmed: true, still_held: false });
      expect(server.live()).toBe(0);
      await one.end('exit');
      server.state.fault = failing;
      refusedWith('server_failed')(await hold(await program()));
    },
  },
  {
    name: 'a borrowed seat that does not come back before its time stays borrowed',
    needs: 'borrow',
    async play(stage) {
      const one = await lending(stage, false);
      const until = await borrow(one, DAY);
      const answer = await one.ask({ do: 'return_borrowed' });
      expect(answer).toMatchObject({ ok: false, code: 'early_return_not_allowed', borrowed_until_ms: until });
      expect([await stateOf(one), endOf(stage.server)]).toEqual(['borrowed', until]);
    },
  },
  {
    name: 'what is not borrowed is not returned, and what is not held not borrowed',
    needs: 'borrow',
    async play(stage) {
      const one = await lending(stage);
      expect(await one.ask({ do: 'return_borrowed' })).toMatchObject({ ok: false, code: 'not_borrowed' });
      expect(await stateOf(one)).toBe('held');
      await one.ask({ do: 'release' });
      expect(await one.ask({ do: 'borrow' })).toMatchObject({ ok: false, code: 'not_held' });
      expect(stage.server.of('borrow')).toEqual([]);
    },
  },
  ...(['exit', 'SIGTERM', 'SIGKILL'] as const).map(
    (how): Scenario => ({
      name: `a borrowed seat outlives its program, and is there at the next start without the server: ${how}`,
      needs: 'borrow',
      async play(stage) {
        const { server, program, hold } = stage;
        const one = await lending(stage);
        const until = await borrow(one, DAY);
        await one.end(how);
        server.state.fault = failing;
        const two = await program();
        borrowed(await hold(two));
        expect(await two.event('borrowed')).toMatchObject({ borrowed_until_ms: until });
        await two.ask({ do: 'release' });
        expect([endOf(server), server.of('release').length]).toEqual([until, 0]);
      },
    }),
  ),
  startsLater('an hour before its end', DAY - HOUR, borrowed),
  startsLater('an hour after its end', DAY + HOUR, refusedStart('stale')),
  startsLater('two minutes back', -120, borrowed),
  startsLater('the clock turned back an hour', -HOUR, refusedStart('clock_turned_back')),
  {
    name: 'a strict licence, borrowed, starts without the server',
    needs: 'borrow',
    async play(stage) {
      stage.server.terms.offlineSeconds = 0;
      const one = await lending(stage);
      await borrow(one, DAY);
      await one.end('SIGKILL');
      stage.server.state.fault = failing;
      borrowed(await stage.hold(await stage.program()));
    },
  },
  {
    name: 'a borrowed seat at a start with the server is the same',
    needs: 'borrow',
    async play(stage) {
      const one = await lending(stage);
      const until = await borrow(one, DAY);
      await one.end('SIGKILL');
      const two = await stage.program();
      borrowed(await stage.hold(two));
      expect((await two.ask({ do: 'state' })).borrowed_until_ms).toBe(until);
      expect([endOf(stage.server), stage.server.live()]).toEqual([until, 1]);
    },
  },
  {
    name: 'a borrowed seat that was recalled: the next start with the server takes another',
    needs: 'borrow',
    async play(stage) {
      const one = await lending(stage);
      await borrow(one, DAY);
      await one.end('SIGKILL');
      stage.server.end('recalled');
      held(await stage.hold(await stage.program()));
      expect(endOf(stage.server)).toBeUndefined();
    },
  },
  {
    name: 'two programs of a machine: what one borrows is the other’s as well',
    needs: 'borrow',
    async play(stage) {
      const one = await lending(stage);
      const two = await stage.program();
      held(await stage.hold(two));
      const until = await borrow(one, DAY);
      expect(await two.event('borrowed')).toMatchObject({ borrowed_until_ms: until });
      await two.ask({ do: 'release' });
      await one.ask({ do: 'release' });
      expect(endOf(stage.server)).toBe(until);
    },
  },
  ...(['heartbeat', 'acquire'] as const).map(
    (call): Scenario => ({
      name: `a program that leaves during ${call === 'acquire' ? 'an' : 'a'} ${call} leaves what another one has borrowed`,
      needs: 'borrow',
      async play(stage) {
        const { server } = stage;
        const one = await lending(stage);
        const two = await stage.program();
        held(await stage.hold(two));
        const [gate, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const program = server.of('acquire').at(-1)?.body['program'];
        server.state.fault = async ({ path, body }) => {
          if (!path.endsWith(`/${call}`) || body['program'] !== program) return undefined;
          asked.resolve();
          await gate.promise;
          return undefined;
        };
        if (call === 'heartbeat') await asked.promise;
        const until = await borrow(one, DAY);
        await asked.promise;
        const left = two.ask({ do: 'release' });
        await sleep(100); // a release that comes later than the answer leaves it as well
        gate.resolve();
        await left;
        expect(two.events.at(-1)).toMatchObject({ type: 'released', still_held: true });
        server.state.fault = () => 'reset';
        await one.end('SIGKILL');
        const three = await stage.program();
        borrowed(await stage.hold(three));
        expect([endOf(server), (await three.ask({ do: 'state' })).borrowed_until_ms]).toEqual([until, until]);
      },
    }),
  ),
  ...[0, 2_500].map(
    (late): Scenario => ({
      name: `the borrowed time is over, and the server answers${late ? ', by a clock that is behind' : ''}: the seat is held on`,
      needs: 'borrow',
      async play(stage) {
        const one = await lending(stage);
        stage.server.terms.borrowEndsLate = late;
        await borrow(one, 3);
        await stage.server.until('acquire', 2);
        await stage.server.until('heartbeat', stage.server.of('heartbeat').length + 1);
        expect(await stateOf(one)).toBe('held');
        expect(types(one)).toEqual(['held', 'borrowed', 'held']);
      },
    }),
  ),
  {
    name: 'the borrowed time is over, and the server does not answer: the seat is lost',
    needs: 'borrow',
    async play(stage) {
      const one = await lending(stage);
      stage.server.state.fault = ({ path }) => (acquires(path) ? failing() : undefined); // from before its end on
      await borrow(one, 3);
      await one.event('lost', { reason: 'borrow_ended' });
      expect(types(one)).toEqual(['held', 'borrowed', 'lost']);
    },
  },
];
