import { expect } from 'vitest';
import { refused } from '../server.ts';
import { acquires, held, refusedWith, type Scenario, stateOf } from './scenario.ts';

/** Seats of processes and of users in place of machines'. */
export const USERS: readonly Scenario[] = [
  {
    name: 'per process: each program takes a seat of its own, without being told to',
    needs: 'users',
    async play({ server, program, hold }) {
      Object.assign(server.terms, { leasePer: 'process', seats: 2 });
      held(await hold(await program()));
      held(await hold(await program()));
      expect(server.live()).toBe(2);
      refusedWith('no_seats_available')(await hold(await program()));
      const ids = server.of('acquire').map(({ body }) => body['process_id']);
      expect(new Set(ids).size).toBe(3);
      for (const id of ids) expect(id).toMatch(/^.{1,128}$/);
    },
  },
  {
    name: 'per process: what a program calls itself leads to the same seat again',
    needs: 'users',
    async play({ server, program, hold }) {
      server.terms.leasePer = 'process';
      const one = await program();
      held(await hold(one, { process_id: '4711-a' }));
      await one.end('SIGKILL');
      held(await hold(await program(), { process_id: '4711-a' }));
      refusedWith('no_seats_available')(await hold(await program(), { process_id: '4711-b' }));
      expect(server.live()).toBe(1);
    },
  },
  {
    name: 'per user: a second machine takes the seat along, and the first says so and does not ask for it again',
    needs: 'users',
    async play({ server, program, hold }) {
      server.terms.leasePer = 'user';
      const one = await program();
      held(await hold(one));
      const two = await program();
      held(await hold(two, { hardware_id: 'laptop' }));
      await one.event('lost', { reason: 'moved' });
      expect([await stateOf(one), await stateOf(two), server.live()]).toEqual(['lost', 'held', 1]);
      expect(server.of('acquire')).toHaveLength(2);
    },
  },
  {
    name: 'per user: held elsewhere, until it is taken over',
    needs: 'users',
    async play({ server, program, hold }) {
      Object.assign(server.terms, { leasePer: 'user', onSecond: 'refuse' });
      const one = await program();
      held(await hold(one));
      const two = await program();
      refusedWith('held_elsewhere')(await hold(two, { hardware_id: 'laptop' }));
      expect([await stateOf(one), server.live()]).toEqual(['held', 1]);
      expect(server.of('acquire').at(-1)?.body['take_over']).not.toBe(true);
      held(await hold(two, { hardware_id: 'laptop', take_over: true }));
      await one.event('lost', { reason: 'moved' });
      expect([await stateOf(two), server.live()]).toEqual(['held', 1]);
    },
  },
  {
    name: 'per user: the same machine needs no leave',
    needs: 'users',
    async play({ server, program, hold }) {
      Object.assign(server.terms, { leasePer: 'user', onSecond: 'refuse' });
      held(await hold(await program()));
      held(await hold(await program()));
      expect(server.live()).toBe(1);
    },
  },
  {
    name: 'per user: the token of who signed in goes with what asks for a seat, and with nothing else',
    needs: 'users',
    async play({ server, program, hold }) {
      server.terms.borrow = { maxSeats: 1, maxSeconds: 86_400, earlyReturn: true };
      const one = await program();
      held(await hold(one, { user_token: 'token-1' }));
      await server.until('heartbeat', 1);
      expect(await one.ask({ do: 'borrow' })).toMatchObject({ ok: true, state: 'borrowed' });
      await one.ask({ do: 'return_borrowed' });
      const sent = server.received.filter(({ authorization }) => authorization !== undefined);
      expect(new Set(sent.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer token-1']));
      expect(sent.map(({ path }) => path.split('/').at(-1))).toEqual(['acquire', 'borrow']);
    },
  },
  {
    name: 'per user: nobody is asked without the token of who signed out',
    needs: 'users',
    async play({ server, program, hold }) {
      const one = await program();
      for (const token of ['', 'half\nof it', 'токен']) {
        refusedWith('user_token_failed')(await hold(one, { user_token: token }));
      }
      expect(server.of('acquire')).toHaveLength(0);
    },
  },
  {
    name: 'per user: a user who is asked for a token and never answers hinders no heartbeat',
    needs: 'users',
    async play({ server, program, hold }) {
      Object.assign(server.terms, { leaseMilliseconds: 3_000, offlineSeconds: 8 });
      const one = await program();
      held(await hold(one, { user_token: 'token-1', user_token_once: true, timeout_ms: 1_000 }));
      const isRenewed = () => server.of('heartbeat').some(({ body }) => body['refresh'] !== undefined);
      for (let count = 1; !isRenewed(); count += 1) await server.until('heartbeat', count);
      await server.until('heartbeat', server.of('heartbeat').length + 2);
      expect([await stateOf(one), server.live(), server.of('acquire').length]).toEqual(['held', 1, 1]);
      expect(await one.ask({ do: 'release' })).toMatchObject({ ok: true });
      expect(server.live()).toBe(0);
    },
  },
  {
    name: 'per user: a token that ends ends no seat, whose licence is renewed by its session',
    needs: 'users',
    async play({ server, program, hold }) {
      Object.assign(server.terms, { leaseMilliseconds: 3_000, offlineSeconds: 8 });
      const one = await program();
      held(await hold(one, { user_token: 'token-1' }));
      server.state.fault = ({ path }) => (acquires(path) ? refused(401, 'unauthenticated') : undefined);
      await server.until('acquire', 2);
      const before = server.of('heartbeat').length;
      await server.until('heartbeat', before + 2);
      expect(server.of('heartbeat').filter(({ body }) => body['refresh'] !== undefined)).not.toHaveLength(0);
      expect(await stateOf(one)).toBe('held');
    },
  },
];
