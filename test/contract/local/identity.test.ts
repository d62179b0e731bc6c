import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { type LocalIdentity, startIdentity } from '#local/identity/start.ts';
import { type Issuer, startIssuer } from '#local/issuer/start.ts';
import { createRecorder } from '#local/recorder.ts';

const PROJECT = 'demo-identity';
const recorder = createRecorder();
const reader = createCaller('reader@example.org', [['firebaseauth.users.get', `projects/${PROJECT}`]]);
const writer = createCaller('writer@example.org', [['*', `projects/${PROJECT}`]]);

let identity: LocalIdentity;
let issuer: Issuer;
const call = async (email: string, method: string, body: object, projectId = PROJECT) => {
  const url = `http://${identity.address(email)}/identitytoolkit.googleapis.com/v1/projects/${projectId}/accounts:${method}`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
};

beforeAll(async () => {
  issuer = await startIssuer({ projectId: PROJECT, audience: 'https://countersign.example' });
  identity = await startIdentity({ projectId: PROJECT, callers: [reader, writer], issuer, recorder });
  identity.addUser('ada', 'ada@example.org', { claims: { theme: 'dark' } });
});
afterAll(async () => {
  await identity.close();
  await issuer.close();
});

test('an administrator reads a user and replaces the claims', async () => {
  const find = () => call(writer.email, 'lookup', { localId: ['ada'] });
  expect(await find()).toMatchObject({ body: { users: [{ localId: 'ada', customAttributes: '{"theme":"dark"}' }] } });
  await call(writer.email, 'update', { localId: 'ada', customAttributes: '{"role":"admin"}' });
  expect(await find()).toMatchObject({ body: { users: [{ customAttributes: '{"role":"admin"}' }] } });
  expect(await call(writer.email, 'lookup', { localId: ['nobody'] })).not.toHaveProperty('body.users');
  expect(recorder.calls()).toEqual({ 'identity.lookup': 3, 'identity.update': 1 });
});

test('an account without the right is refused, and so is another project', async () => {
  expect((await call(reader.email, 'lookup', { localId: ['ada'] })).status).toBe(200);
  expect((await call(reader.email, 'update', { localId: 'ada', customAttributes: '{}' })).status).toBe(403);
  expect((await call(writer.email, 'lookup', { localId: ['ada'] }, 'another-project')).status).toBe(403);
});

test('a refresh token is good until the sessions are ended', async () => {
  const exchange = async (token: string) => {
    const response = await fetch(
      `http://${identity.address(writer.email)}/securetoken.googleapis.com/v1/token?key=${identity.apiKey}`,
      {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
      },
    );
    return response.status;
  };
  const token = identity.signIn('ada');
  expect(await exchange(token)).toBe(200);
  await call(writer.email, 'update', { localId: 'ada', validSince: '1' });
  expect(await exchange(token)).toBe(400);
  expect(await exchange(identity.signIn('ada'))).toBe(200);
});
