import { expect } from 'vitest';
import { signedLicense } from '../signing.ts';
import { acquires, held, refusedWith, type Scenario } from './scenario.ts';

/** Every licence that is answered has these claims, and the program takes none of them. */
const refuses = (name: string, claims: Readonly<Record<string, unknown>>, reason: string): Scenario => ({
  name,
  async play({ server, program, hold }) {
    server.state.claims = claims;
    refusedWith('license_invalid', reason)(await hold(await program()));
    expect(server.live()).toBe(0);
  },
});

/** Licences and key lists that are believed, and those that are not. */
export const TRUST: readonly Scenario[] = [
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
];
