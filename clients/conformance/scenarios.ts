import { chmod } from 'node:fs/promises';
import { createServer } from 'node:net';
import { expect } from 'vitest';
import type { Adapter, Answer } from './adapter.ts';
import { refused, type ScriptedServer } from './server.ts';
import { signedLicense } from './signing.ts';

/** What a scenario plays with: one server, and as many programs of one machine as it starts. */
export interface Stage {
  readonly server: ScriptedServer;
  /** The folder in which the programs keep what they keep. */
  readonly storage: string;
  /** Another program of the same machine and storage. */
  program(): Promise<Adapter>;
  /** Asks for a seat, with the options that say no more than where and what for. */
  hold(program: Adapter, options?: Readonly<Record<string, unknown>>): Promise<Answer>;
}

export interface Scenario {
  readonly name: string;
  play(stage: Stage): Promise<void>;
}

const KEY = 'CS-CNF0R-MANCE-00000-00000-00000-00000-00000-00000';
export const OPTIONS = { license_key: KEY, product: 'editor', hardware_id: 'machine-1', patience_ms: 0 };

const held = (answer: Answer) => expect(answer).toMatchObject({ ok: true, state: 'held' });
const refusedWith = (code: string, reason?: string) => (answer: Answer) =>
  expect(answer).toMatchObject({ ok: false, code, ...(reason === undefined ? {} : { reason }) });
const stateOf = async (program: Adapter) => (await program.ask({ do: 'state' })).state;
const acquires = (path: string) => path.endsWith('/acquire');

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 1;
}

/** Every licence that is answered has these claims, and the program takes none of them. */
const refuses = (name: string, claims: Readonly<Record<string, unknown>>, reason: string): Scenario => ({
  name,
  async play({ server, program, hold }) {
    server.state.claims = claims;
    refusedWith('license_invalid', reason)(await hold(await program()));
    expect(server.live()).toBe(0);
  },
});

/** The server's word on a licence ends the attempt. */
const denies = (code: string, status: number): Scenario => ({
  name: `acquire is refused: ${code}`,
  async play({ server, program, hold }) {
    server.state.fault = ({ path }) => (acquires(path) ? refused(status, code) : undefined);
    refusedWith(code)(await hold(await program()));
    expect(server.of('acquire')).toHaveLength(1);
  },
});

type HoldOptions = Readonly<Record<string, unknown>>;

/** There is no answer that could be used, and each cause has its own code. */
const fails = (
  name: string,
  code: string,
  prepare: (stage: Stage) => Promise<HoldOptions> | HoldOptions,
): Scenario => ({
  name: `no usable answer: ${name}`,
  async play(stage) {
    refusedWith(code)(await stage.hold(await stage.program(), await prepare(stage)));
  },
});

const answersAcquire =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  ({ server }: Stage) => {
    server.state.fault = ({ path }) => (acquires(path) ? { status, body, headers } : undefined);
    return {};
  };

export const SCENARIOS: readonly Scenario[] = [
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
  fails('nothing listens', 'connection_refused', async () => ({ url: `http://127.0.0.1:${await deadPort()}` })),
  fails('a name that does not exist', 'dns_failed', () => ({ url: 'http://licenses.invalid' })),
  fails('it takes too long', 'timed_out', ({ server }) => {
    server.state.fault = () => 'hang';
    return { timeout_ms: 1_000 };
  }),
  fails('the connection is cut', 'connection_lost', ({ server }) => {
    server.state.fault = () => 'reset';
    return {};
  }),
  fails('no TLS where TLS is expected', 'tls_failed', ({ server }) => ({ url: server.url.replace('http:', 'https:') })),
  fails('a captive portal', 'not_a_license_server', answersAcquire(200, '<html>Sign in to the guest network</html>')),
  fails('a page in place of an answer', 'not_a_license_server', answersAcquire(404, '<html>no such page</html>')),
  fails('a gateway without a server behind it', 'proxy_failed', answersAcquire(502, '<html>Bad gateway</html>')),
  fails('a fault of the server', 'server_failed', answersAcquire(500, { code: 'internal' })),
  fails('too much was asked', 'rate_limited', answersAcquire(429, { code: 'rate_limited' }, { 'retry-after': '60' })),
  fails('nothing can be signed', 'signing_unavailable', answersAcquire(503, { code: 'signing_unavailable' })),
  {
    name: 'Retry-After is kept',
    async play({ server, program, hold }) {
      let asked = 0;
      server.state.fault = ({ path }) =>
        acquires(path) && asked++ === 0
          ? { ...refused(503, 'dependency_unavailable'), headers: { 'retry-after': '2' } }
          : undefined;
      held(await hold(await program(), { patience_ms: 20_000 }));
      const [first, second] = server.of('acquire').map(({ at }) => at);
      expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(1_900);
    },
  },
  {
    name: 'an outage and its end, while the seat is held',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      server.state.fault = () => refused(500, 'internal');
      await one.event('offline', { code: 'server_failed' });
      expect(await stateOf(one)).toBe('offline');
      server.state.fault = undefined;
      await one.event('online');
      expect(await stateOf(one)).toBe('held');
      expect(server.of('acquire')).toHaveLength(1);
    },
  },
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
  refuses('a licence for another product', { product: 'viewer' }, 'wrong_product'),
  refuses('a licence for another machine', { hardware_id: 'machine-2' }, 'wrong_hardware'),
  refuses('a document in place of a seat', { kind: 'document' }, 'wrong_kind'),
  refuses('a recording: the nonce of another request', { nonce: 'recorded-recorded-recorded' }, 'wrong_nonce'),
  {
    name: 'a licence signed by a stranger',
    async play({ server, program, hold }) {
      server.state.signer = { ...server.keys.stranger, keyVersion: server.keys.first.keyVersion };
      refusedWith('license_invalid', 'bad_signature')(await hold(await program()));
      expect(server.live()).toBe(0);
    },
  },
  {
    name: 'a licence that was changed after signing',
    async play({ server, program, hold }) {
      server.state.fault = ({ path, body }) => {
        if (!acquires(path)) return undefined;
        const claims = { kind: 'seat', product: 'editor', hardware_id: body['hardware_id'], nonce: body['nonce'] };
        const license = signedLicense(
          { ...claims, tier: 'trial', signed_at: new Date().toISOString() },
          server.keys.first,
        );
        const lease = { session_id: 'x', expires_at: new Date(Date.now() + 9_000).toISOString() };
        const answer = { ...lease, heartbeat_interval_seconds: 1, seats_used: 1, seats_total: 1 };
        return { status: 201, body: { ...answer, license_data: { ...license, tier: 'enterprise' } } };
      };
      refusedWith('license_invalid', 'bad_signature')(await hold(await program()));
    },
  },
  {
    name: 'a key that signs since: the list that has it is fetched',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      await one.ask({ do: 'release' });
      await one.end('exit');
      server.publish([server.keys.first, server.keys.second], 11);
      server.state.signer = server.keys.second;
      server.state.claims = { keys_sequence: 11 };
      held(await hold(await program()));
    },
  },
  {
    name: 'a list with a lower number is not believed, in the next run either',
    async play({ server, program, hold }) {
      server.publish([server.keys.first], 20);
      const one = await program();
      held(await hold(one));
      await one.ask({ do: 'release' });
      await one.end('exit');
      server.publish([server.keys.first, server.keys.second], 19);
      server.state.signer = server.keys.second;
      server.state.claims = { keys_sequence: 19 };
      refusedWith('license_invalid', 'unknown_key')(await hold(await program()));
    },
  },
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
