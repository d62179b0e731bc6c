import { expect } from 'vitest';
import { refused } from '../server.ts';
import { acquires, denies, held, refusedWith, type Scenario, stateOf } from './scenario.ts';

/** Holding a seat, sharing it, giving it back, and what the server says to that. */
export const SEATS: readonly Scenario[] = [
  {
    name: 'a seat is held, kept by heartbeats, and given back',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      await server.until('heartbeat', 3);
      expect(server.live()).toBe(1);
      expect(await one.ask({ do: 'release' })).toMatchObject({ ok: true, state: 'released' });
      expect(await one.event('released')).toMatchObject({ confirmed: true, still_held: false });
      expect(server.live()).toBe(0);
      expect(one.events.map(({ type }) => type)).toEqual(['held', 'released']);
    },
  },
  {
    name: 'each request draws a nonce, and a session knows its program',
    async play({ server, program, hold }) {
      server.terms.offlineSeconds = 0;
      const one = await program();
      held(await hold(one));
      await server.until('heartbeat', 3);
      const [acquire, ...beats] = [...server.of('acquire'), ...server.of('heartbeat')].map(({ body }) => body);
      const nonces = [acquire?.['nonce'], ...beats.map(({ refresh }) => Reflect.get(Object(refresh), 'nonce'))];
      expect(new Set(nonces).size).toBe(nonces.length);
      for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9_-]{16,64}$/);
      expect(new Set([acquire, ...beats].map((body) => body?.['program'])).size).toBe(1);
      expect(acquire?.['program']).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    },
  },
  {
    name: 'two programs of a machine share its seat; the first that ends leaves it to the other',
    async play({ server, program, hold }) {
      const [one, two] = [await program(), await program()];
      held(await hold(one));
      held(await hold(two));
      expect(server.live()).toBe(1);
      await one.ask({ do: 'release' });
      expect(await one.event('released')).toMatchObject({ confirmed: true, still_held: true });
      expect(server.live()).toBe(1);
      await two.ask({ do: 'release' });
      expect(await two.event('released')).toMatchObject({ confirmed: true, still_held: false });
      expect(server.live()).toBe(0);
    },
  },
  {
    name: 'times that are longer than any timer knows are long ones',
    async play({ program, hold }) {
      const one = await program();
      held(await hold(one, { timeout_ms: 1e12, wait_ms: 1e12, patience_ms: 1e12 }));
      expect(one.stderr()).toBe('');
    },
  },
  {
    name: 'all seats are taken',
    async play({ server, program, hold }) {
      held(await hold(await program(), { hardware_id: 'another' }));
      const one = await program();
      refusedWith('no_seats_available')(await hold(one));
      await one.event('denied');
      expect(server.of('acquire')).toHaveLength(2);
    },
  },
  denies('license_not_found', 404),
  denies('license_expired', 403),
  denies('license_suspended', 403),
  denies('invalid_request', 400),
  {
    name: 'a session that was reclaimed is acquired again',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      server.end('reclaimed');
      await server.until('acquire', 2);
      await server.until('heartbeat', server.of('heartbeat').length + 1);
      expect(one.events.map(({ type }) => type)).toEqual(['held', 'held']);
      expect(await stateOf(one)).toBe('held');
    },
  },
  ...(['admin_released', 'moved', 'self_released'] as const).map(
    (reason): Scenario => ({
      name: `a session that somebody has ended on purpose is lost, and not asked for again: ${reason}`,
      async play({ server, program, hold }) {
        const one = await program();
        held(await hold(one));
        server.end(reason);
        await one.event('lost', { reason });
        expect(await stateOf(one)).toBe('lost');
        expect(server.of('acquire')).toHaveLength(1);
      },
    }),
  ),
  {
    name: 'in the grace after its end a licence holds a seat',
    async play({ server, program, hold }) {
      server.state.claims = { expires_at: new Date(Date.now() - 86_400_000).toISOString(), in_grace: true };
      held(await hold(await program()));
    },
  },
  ...(['user_not_named', 'held_elsewhere', 'machine_limit_reached'] as const).map((code) => denies(code, 403)),
  {
    name: 'a suspended licence: the server has the last word',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      server.end('license_suspended');
      server.state.fault = ({ path }) => (acquires(path) ? refused(403, 'license_suspended') : undefined);
      await one.event('lost', { reason: 'license_suspended' });
      expect(server.of('acquire')).toHaveLength(2);
    },
  },
  {
    name: 'suspended and reinstated at once: the seat is held again',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      server.end('license_suspended');
      await server.until('acquire', 2);
      await server.until('heartbeat', server.of('heartbeat').length + 1);
      expect(await stateOf(one)).toBe('held');
    },
  },
  {
    name: 'a program that ends gives its seat back',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      await one.end('exit');
      await server.until('release', 1);
      expect(server.live()).toBe(0);
    },
  },
  ...(['SIGINT', 'SIGTERM'] as const).map(
    (signal): Scenario => ({
      name: `${signal} ends the program, and its seat is given back`,
      async play({ server, program, hold }) {
        const one = await program();
        held(await hold(one));
        await one.end(signal);
        await server.until('release', 1);
        expect(server.live()).toBe(0);
      },
    }),
  ),
];
