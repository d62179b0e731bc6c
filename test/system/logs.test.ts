import { afterAll, describe, expect, test } from 'vitest';
import { createTenant, join, membersOf, signUp } from './people.ts';
import { useSuite } from './suite.ts';

/** What a run of the whole suite leaves in its logs. */

const suite = useSuite();

/** What must be in no line, by name. */
const secrets = new Map<string, string>();
const keep = (name: string, secret: string): string => {
  expect(secret.length).toBeGreaterThan(15);
  secrets.set(name, secret);
  return secret;
};

const lines = () => suite.log.map((line) => ({ line, fields: JSON.parse(line) }));
const requests = () => lines().filter(({ fields }) => fields.message === 'request');

async function useEverything() {
  for (const [name, token] of Object.entries(suite.tokens)) keep(`token of ${name}`, token);
  const { license_id, license_key } = await suite.license(3);
  keep('licence key', license_key);
  const idempotency = keep('Idempotency-Key', crypto.randomUUID());
  const more = await suite.send('POST', `/api/v1/licenses/${license_id}/keys`, { keep: true }, 'owner', {
    'idempotency-key': idempotency,
  });
  keep('second licence key', more.body.license_key);
  const seat = await suite.post('/api/v1/licenses/acquire', {
    ...{ license_key, hardware_id: 'machine', nonce: keep('nonce', 'nonce-of-a-request') },
  });
  const session_id = keep('session id', seat.body.session_id);
  keep('signature', seat.body.license_data.signature);
  await suite.post('/api/v1/licenses/heartbeat', { session_id });
  await suite.post('/api/v1/licenses/release', { session_id });
  await suite.post('/api/v1/licenses/release', { session_id: `${session_id}x` });

  const tenant = await createTenant(suite);
  const person = await signUp(suite);
  keep("person's token", person.token);
  const wanted = { email: person.email, role: 'owner' };
  const { body } = await suite.post(`${membersOf(tenant)}/invitations`, wanted, 'staff');
  keep('invitation token', body.token);
  await suite.post('/api/v1/invitations/accept', { token: body.token }, person.token);
  await join(suite, tenant, 'guest');
  const task = await suite.post(
    '/api/v1/tasks',
    { payload: { secret: keep('payload', 'the-payload-of-a-task') } },
    'service',
  );
  await suite.send('DELETE', `/api/v1/tasks/${task.body.task_id}`, undefined, 'service');
  const url = await suite.post('/signed-url', { filename: 'a.txt', content_type: 'text/plain' }, 'member');
  keep('signature of a URL', new URL(url.body.url).searchParams.get('X-Goog-Signature') ?? '');
  await suite.send('GET', '/.well-known/jwks.json');
  await suite.post('/internal/sessions/reap', undefined, 'scheduler');

  // What a careless caller does: secrets where they do not belong.
  for (const secret of [license_key, session_id, person.token, body.token]) {
    await suite.send('GET', `/api/v1/licenses/${encodeURIComponent(secret)}`, undefined, 'staff');
    await suite.send('DELETE', `/api/v1/sessions/${secret}`, undefined, 'staff');
    await suite.send('GET', `/nowhere/${secret}?q=${secret}`);
    await suite.send('GET', `/api/v1/licenses?q=${encodeURIComponent(secret)}`, undefined, 'staff');
    await suite.post('/api/v1/licenses/acquire', `{"license_key": "${secret}", `);
    await suite.post('/api/v1/licenses/acquire', { license_key: secret, hardware_id: secret, [secret]: 1 });
  }
  // And when Google fails in the middle of it.
  for (const [service, method] of [
    ['firestore', 'Commit'],
    ['firestore', 'BatchGetDocuments'],
    ['kms', 'AsymmetricSign'],
  ] as const) {
    suite.stack.recorder.inject({ service, method, code: 'INTERNAL' });
    await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: `machine-${method}` });
    await suite.post('/api/v1/licenses/heartbeat', { session_id });
    await suite.post('/api/v1/invitations/accept', { token: body.token }, person.token);
    suite.stack.recorder.forgetFaults();
  }
}

describe('the logs of a run', () => {
  afterAll(() => secrets.clear());

  test('hold no session id, key, token or signature, wherever a caller has put it', async () => {
    await useEverything();
    const found = lines().flatMap(({ line }) =>
      [...secrets].filter(([, secret]) => line.includes(secret)).map(([name]) => `${name}: ${line}`),
    );
    expect(found).toEqual([]);
    expect(secrets.size).toBeGreaterThan(15);
    expect(requests().length).toBeGreaterThan(40);
  });

  test('name who asked in the line of every request', () => {
    expect(requests().filter(({ fields }) => !/^(none|(user|service|scheduler):\S+)$/.test(fields.principal))).toEqual(
      [],
    );
    const principals = new Set(requests().map(({ fields }) => fields.principal));
    const { project } = suite.stack;
    for (const name of ['none', 'user:staff', 'user:demo-owner', 'user:demo-member'])
      expect(principals).toContain(name);
    expect(principals).toContain(`service:backend@${project.id}.iam.gserviceaccount.com`);
    expect(principals).toContain(`scheduler:scheduler@${project.id}.iam.gserviceaccount.com`);
  });

  test('name people by their id, not by their address', () => {
    expect(lines().filter(({ line }) => /@(demo\.)?example\b/.test(line) && !line.includes('gserviceaccount'))).toEqual(
      [],
    );
  });
});
