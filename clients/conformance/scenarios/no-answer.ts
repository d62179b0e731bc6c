import { createServer } from 'node:net';
import { expect } from 'vitest';
import { refused } from '../server.ts';
import { acquires, held, refusedWith, type Scenario, type Stage, stateOf } from './scenario.ts';

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 1;
}

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

/** There is no answer that could be used, and each cause has its own code. */
export const NO_ANSWER: readonly Scenario[] = [
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
  fails('another API, which has no such route', 'not_a_license_server', answersAcquire(404, { code: 'not_found' })),
  fails('another API, which takes other methods', 'not_a_license_server', answersAcquire(405, { code: 'no_post' })),
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
    name: 'a Retry-After of years, which a proxy may say, loses no seat',
    async play({ server, program, hold }) {
      let beats = 0;
      server.state.fault = ({ path }) =>
        path.endsWith('/heartbeat') && beats++ === 0
          ? { ...refused(503, 'dependency_unavailable'), headers: { 'retry-after': '315360000' } }
          : undefined;
      const one = await program();
      held(await hold(one));
      await server.until('heartbeat', 3);
      expect([await stateOf(one), server.live(), server.of('acquire').length]).toEqual(['held', 1, 1]);
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
];
