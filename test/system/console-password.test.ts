import { beforeEach, expect, test } from 'vitest';
import { totpCode } from '#local/identity/totp.ts';
import { useSuite } from './suite.ts';
import { createVisitor, sessionCookie, type Visitor } from './visitor.ts';

const suite = useSuite();
let visitor: Visitor;
let email: string;
let count = 0;
beforeEach(() => {
  visitor = createVisitor(suite);
  count += 1;
  email = `person-${count}@example.org`;
});

const password = 'correct horse battery staple';

/** The link of the latest message to an address, as the person opens it. */
async function openMail(to: string): Promise<void> {
  const { identity, project } = suite.stack;
  const response = await fetch(`http://${identity.publicAddress}/emulator/v1/projects/${project.id}/oobCodes`);
  const { oobCodes } = (await response.json()) as { oobCodes: { email: string; oobLink: string }[] };
  const link = oobCodes.findLast((code) => code.email === to)?.oobLink;
  expect((await fetch(link ?? '')).status).toBe(200);
}

async function enroll(): Promise<string> {
  await visitor.post('sign-up', { email, password });
  await openMail(email);
  const started = await visitor.post('second-factor', {});
  const { secret, enrollment, uri } = started.body;
  expect(uri).toContain(`secret=${secret}`);
  const done = await visitor.post('second-factor/code', { enrollment, code: totpCode(secret, Date.now()) });
  expect([done.status, done.body.second_factor]).toEqual([200, true]);
  return secret;
}

test('an account, its message, and its verified address', async () => {
  const made = await visitor.post('sign-up', { email, password });
  expect([made.status, made.body.state, made.body.email_verified]).toEqual([200, 'signed_in', false]);
  await openMail(email);
  expect((await visitor.post('token')).body.email_verified).toBe(true);
  const again = await createVisitor(suite).post('sign-up', { email, password });
  expect([again.status, again.body.code, again.body.refusal]).toEqual([409, 'conflict', 'email_exists']);
  const weak = await visitor.post('sign-up', { email: 'weak@example.org', password: 'short' });
  expect([weak.status, weak.body.errors[0].path]).toEqual([400, 'password']);
});

test('a password opens the session, another one does not', async () => {
  await visitor.post('sign-up', { email, password });
  await visitor.post('sign-out');
  const wrong = await visitor.post('sign-in/password', { email, password: 'wrong one' });
  const unknown = await visitor.post('sign-in/password', { email: 'nobody@example.org', password });
  for (const { status, body } of [wrong, unknown]) {
    expect([status, body.refusal, body.detail]).toEqual([401, 'wrong_credentials', wrong.body.detail]);
  }
  expect(visitor.cookies.size).toBe(0);
  const right = await visitor.post('sign-in/password', { email, password });
  expect([right.status, right.body.email]).toEqual([200, email]);
  expect((await visitor.post('token')).status).toBe(200);
});

test('a second factor: the password alone gives no token', async () => {
  const secret = await enroll();
  await visitor.post('sign-out');
  const first = await visitor.post('sign-in/password', { email, password });
  expect(first.body).toEqual({
    state: 'second_factor',
    factors: [{ id: expect.any(String), name: 'Authenticator app' }],
  });
  const waiting = await visitor.post('token');
  expect([waiting.status, waiting.body.state, waiting.body.id_token]).toEqual([200, 'second_factor', undefined]);
  const halfway = sessionCookie(visitor);
  const wrong = await visitor.post('sign-in/second-factor', { code: '000000' });
  expect([wrong.status, wrong.body.refusal]).toEqual([401, 'wrong_code']);
  const code = totpCode(secret, Date.now());
  const right = await visitor.post('sign-in/second-factor', { code: `${code.slice(0, 3)} ${code.slice(3)}` });
  expect([right.status, right.body.second_factor]).toEqual([200, true]);
  const thief = createVisitor(suite);
  thief.cookies.set(...halfway);
  expect((await thief.post('token')).status).toBe(401);
});

test('the second step has five minutes', async () => {
  const secret = await enroll();
  await visitor.post('sign-in/password', { email, password });
  suite.stack.clock.advance(301);
  const late = await visitor.post('sign-in/second-factor', { code: totpCode(secret, Date.now()) });
  expect([late.status, late.body.code]).toEqual([401, 'unauthenticated']);
});

test('a new password ends the sessions that there are', async () => {
  await visitor.post('sign-up', { email, password });
  expect((await createVisitor(suite).post('password-reset', { email })).status).toBe(204);
  expect((await createVisitor(suite).post('password-reset', { email: 'nobody@example.org' })).status).toBe(204);
  const { identity, project } = suite.stack;
  const codes = await fetch(`http://${identity.publicAddress}/emulator/v1/projects/${project.id}/oobCodes`);
  const { oobCodes } = (await codes.json()) as { oobCodes: { email: string; requestType: string; oobLink: string }[] };
  const link = oobCodes.find((code) => code.email === email && code.requestType === 'PASSWORD_RESET')?.oobLink;
  expect((await fetch(`${link}&password=another-good-one`)).status).toBe(200);
  const ended = await visitor.post('token');
  expect([ended.status, ended.body.refusal, visitor.cookies.size]).toEqual([401, 'session_ended', 0]);
  const back = await visitor.post('sign-in/password', { email, password: 'another-good-one' });
  expect([back.status, back.body.email_verified]).toEqual([200, true]);
});

test.each([
  ['token', { extra: 1 }],
  ['sign-in/password', { email: 'x', password }],
  ['sign-in/password', { email: 'a@example.org' }],
  ['sign-in/second-factor', { code: '12345' }],
  ['second-factor/code', { enrollment: 'x', code: 'abcdef' }],
])('%s: what cannot be understood is named', async (path, body) => {
  const { status, body: problem } = await visitor.post(path, body);
  expect([status, problem.code]).toEqual([400, 'invalid_request']);
  expect(JSON.stringify(problem)).not.toContain(password);
});
