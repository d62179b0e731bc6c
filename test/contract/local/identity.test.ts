import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { type LocalIdentity, startIdentity } from '#local/identity/start.ts';
import { createRecorder } from '#local/recorder.ts';
import { createUserDirectory } from '#shared/gcp/identity.ts';

const PROJECT = 'demo-identity';
const recorder = createRecorder();
const reader = createCaller('reader@example.org', [['firebaseauth.users.get', `projects/${PROJECT}`]]);
const writer = createCaller('writer@example.org', [['*', `projects/${PROJECT}`]]);

let identity: LocalIdentity;
const directory = (email: string, projectId = PROJECT) =>
  createUserDirectory({ projectId, clock: { now: Date.now }, endpoint: identity.address(email) });

beforeAll(async () => {
  const issuer = { userToken: async (claims: object) => JSON.stringify(claims) };
  identity = await startIdentity({ projectId: PROJECT, callers: [reader, writer], issuer, recorder });
  identity.addUser('ada', 'ada@example.org', { theme: 'dark' });
});
afterAll(async () => {
  await identity.close();
});

test('the adapter reads a user and replaces the claims', async () => {
  const users = directory(writer.email);
  expect(await users.find('ada')).toEqual({ uid: 'ada', email: 'ada@example.org', claims: { theme: 'dark' } });
  await users.setClaims('ada', { role: 'admin' });
  expect(await users.find('ada')).toMatchObject({ claims: { role: 'admin' } });
  expect(recorder.calls()).toEqual({ 'identity.lookup': 2, 'identity.update': 1 });
});

test('who is not there is an answer', async () => {
  const users = directory(writer.email);
  expect(await users.find('nobody')).toBeUndefined();
  expect(await users.find('x'.repeat(200))).toBeUndefined();
  await expect(users.setClaims('nobody', {})).resolves.toBeUndefined();
  await expect(users.endSessions('nobody')).resolves.toBeUndefined();
});

test('an account without the right is refused, and so is another project', async () => {
  const users = directory(reader.email);
  expect(await users.find('ada')).toMatchObject({ uid: 'ada' });
  await expect(users.setClaims('ada', {})).rejects.toMatchObject({ code: 'dependency_unavailable' });
  const elsewhere = directory(writer.email, 'another-project').find('ada');
  await expect(elsewhere).rejects.toMatchObject({ code: 'dependency_unavailable' });
});

test('a refresh token is good until the sessions are ended', async () => {
  const exchange = async (token: string) => {
    const response = await fetch(`http://${identity.address(writer.email)}/securetoken.googleapis.com/v1/token?key=k`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
    });
    return response.status;
  };
  const token = identity.signIn('ada');
  expect(await exchange(token)).toBe(200);
  await directory(writer.email).endSessions('ada');
  expect(await exchange(token)).toBe(400);
  expect(await exchange(identity.signIn('ada'))).toBe(200);
});
