import { expect, test } from 'vitest';
import { useSuite } from './suite.ts';

const suite = useSuite();

const DAY = 86_400;
const rotate = async (token = 'scheduler') => suite.send('POST', '/internal/keys/rotate', undefined, token);
const sign = async () =>
  (await suite.post('/api/v1/licenses/sign', { payload: { a: 1 } }, 'service')).body.license_data;
const verify = async (license_data: unknown) => (await suite.post('/api/v1/licenses/verify', { license_data })).body;
const states = async () =>
  Object.fromEntries(
    (await suite.send('GET', '/api/v1/public-keys')).body.keys.map((key: { key_version: string; state: string }) => [
      key.key_version,
      key.state,
    ]),
  );

test('a key is published, signs, retires and is archived, and what it signed stays verifiable', async () => {
  expect((await rotate('service')).status).toBe(403);
  expect((await rotate()).body).toEqual({ signing: 'license-signing.1', archived: [] });
  const first = await sign();

  suite.stack.clock.advance(31 * DAY);
  expect((await rotate()).body).toEqual({ signing: 'license-signing.1', created: 'license-signing.2', archived: [] });
  expect((await rotate()).body.created).toBeUndefined();
  suite.stack.clock.advance(120);
  expect(await states()).toEqual({ 'license-signing.2': 'published', 'license-signing.1': 'signing' });
  expect((await sign()).key_version).toBe('license-signing.1');

  suite.stack.clock.advance(2 * DAY);
  expect(await states()).toEqual({ 'license-signing.2': 'signing', 'license-signing.1': 'retired' });
  const second = await sign();
  expect(second.key_version).toBe('license-signing.2');

  suite.stack.clock.advance(30 * DAY);
  expect((await rotate()).body).toEqual({
    signing: 'license-signing.2',
    created: 'license-signing.3',
    archived: ['license-signing.1'],
  });
  suite.stack.clock.advance(120);
  expect(await states()).toEqual({
    'license-signing.3': 'published',
    'license-signing.2': 'signing',
    'license-signing.1': 'archived',
  });
  expect(await verify(first)).toMatchObject({ valid: true, key_version: 'license-signing.1' });
  expect(await verify(second)).toMatchObject({ valid: true });
  expect((await suite.send('GET', '/api/v1/public-keys/license-signing.1.pem')).status).toBe(200);

  suite.stack.clock.advance(401 * DAY);
  await rotate();
  suite.stack.clock.advance(120);
  expect(await verify(first)).toEqual({ valid: false, reason: 'unknown_key' });
  expect(await states()).not.toHaveProperty('license-signing.1');
});
