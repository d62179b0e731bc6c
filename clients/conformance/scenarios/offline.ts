import { chmod } from 'node:fs/promises';
import { expect } from 'vitest';
import { refused } from '../server.ts';
import { held, KEY, refusedWith, type Scenario, stateOf } from './scenario.ts';

/** Copies that serve without the server, clocks that are wrong, and what is kept. */
export const OFFLINE: readonly Scenario[] = [
  {
    name: 'a crash, and a start without the server: the copy of the last run serves, then the same seat',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      await server.until('heartbeat', 1);
      await one.end('SIGKILL');
      server.state.fault = () => refused(500, 'internal');
      const two = await program();
      expect(await hold(two)).toMatchObject({ ok: true, state: 'offline' });
      server.state.fault = undefined;
      await two.event('held');
      expect([await stateOf(two), server.live()]).toEqual(['held', 1]);
    },
  },
  {
    name: 'after a crash and with the clock turned back a day there is no start without the server',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      await server.until('heartbeat', 1);
      await one.end('SIGKILL');
      server.state.fault = () => refused(500, 'internal');
      const two = await program();
      await two.ask({ do: 'clock', offset_ms: -86_400_000 });
      refusedWith('server_failed')(await hold(two));
      await two.event('refused_license', { reason: 'clock_turned_back' });
    },
  },
  {
    name: 'a kept copy that is over starts nothing',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      await one.end('SIGKILL');
      server.state.fault = () => refused(500, 'internal');
      const two = await program();
      await two.ask({ do: 'clock', offset_ms: 2 * 86_400_000 });
      refusedWith('server_failed')(await hold(two));
      await two.event('refused_license', { reason: 'stale' });
    },
  },
  {
    name: 'a seat that was given back leaves nothing for a start without the server',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      await one.ask({ do: 'release' });
      await one.end('exit');
      server.state.fault = () => refused(500, 'internal');
      refusedWith('server_failed')(await hold(await program()));
    },
  },
  {
    name: 'a strict licence keeps nothing',
    async play({ server, program, hold }) {
      server.terms.offlineSeconds = 0;
      const one = await program();
      held(await hold(one));
      await server.until('heartbeat', 2);
      await one.end('SIGKILL');
      server.state.fault = () => refused(500, 'internal');
      refusedWith('server_failed')(await hold(await program()));
    },
  },
  {
    name: 'a strict licence is prolonged with its heartbeats',
    async play({ server, program, hold }) {
      Object.assign(server.terms, { offlineSeconds: 0, leaseMilliseconds: 20_000 });
      const one = await program();
      held(await hold(one));
      await server.until('heartbeat', 4);
      expect(await stateOf(one)).toBe('held');
      for (const { body } of server.of('heartbeat'))
        expect(body['refresh']).toMatchObject({ hardware_id: 'machine-1' });
      expect(server.of('acquire')).toHaveLength(1);
    },
  },
  {
    name: 'a strict licence ends within its lease when nothing is signed any more, and says why',
    async play({ server, program, hold }) {
      Object.assign(server.terms, { offlineSeconds: 0, leaseMilliseconds: 4_000 });
      const one = await program();
      held(await hold(one));
      server.state.canSign = false;
      await one.event('lost', { reason: 'offline_too_long' });
      expect(await stateOf(one)).toBe('lost');
    },
  },
  {
    name: 'a clock that is two hours behind: the answer with the nonce tells the time',
    async play({ program, hold }) {
      const one = await program();
      await one.ask({ do: 'clock', offset_ms: -7_200_000 });
      held(await hold(one));
    },
  },
  {
    name: 'a clock that is set forward by a year while the seat is held changes nothing but one renewal',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      await one.ask({ do: 'clock', offset_ms: 365 * 86_400_000 });
      await server.until('heartbeat', 3);
      expect(['held', 'offline']).toContain(await stateOf(one));
    },
  },
  {
    name: 'nothing can be kept: the seat is held without a memory, and an event says so',
    async play({ program, hold }) {
      const one = await program();
      held(await hold(one, { storage: '/dev/null/nowhere' }));
      await one.event('storage_unavailable');
    },
  },
  {
    name: 'the storage of one client serves the next: another language finds the same names',
    async play({ server, storage, program, hold }) {
      const one = await program();
      held(await hold(one));
      await one.end('SIGKILL');
      await chmod(storage, 0o700);
      const two = await program();
      server.state.fault = () => refused(500, 'internal');
      expect(await hold(two, { license_key: ` “${KEY.toLowerCase().replaceAll('-', '–')}” ` })).toMatchObject({
        state: 'offline',
      });
    },
  },
];
