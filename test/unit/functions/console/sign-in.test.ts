import { expect, test } from 'vitest';
import { createSessions } from '#functions/console/sessions.ts';
import { createConsoleSignIn } from '#functions/console/sign-in.ts';
import { systemClock } from '#shared/model/clock.ts';
import { personPath } from '#shared/model/person.ts';
import type { SignInService, SignInTokens } from '#shared/store/sign-in.ts';
import { memoryStore } from '../../memory-store.ts';

const MINUTE = 60_000;

/** Identity Platform, for somebody who signed in some time ago: a token that is renewed keeps that time. */
async function setUp(staff: boolean, ago: number) {
  const store = memoryStore();
  const fields = { email: 'jo@example.org', staff, tenants: {} };
  await store.commit([{ op: 'create', path: personPath('jo'), fields }]);
  const tokens: SignInTokens = {
    ...{ uid: 'jo', email: 'jo@example.org', emailVerified: true, secondFactor: true },
    ...{ signedInAt: Date.now() - ago, idToken: 'an ID token', refreshToken: 'a refresh token' },
  };
  const never = () => Promise.reject(new Error('not expected'));
  const service: SignInService = {
    providerPage: never,
    finishProvider: never,
    signInWithPassword: async () => ({ kind: 'signed_in', tokens }),
    signUp: never,
    finishSecondFactor: never,
    refresh: async () => tokens,
    sendVerification: never,
    sendPasswordReset: never,
    startEnrollment: never,
    finishEnrollment: async () => tokens,
  };
  const clock = systemClock;
  const sessions = createSessions({ store, clock });
  const signIn = createConsoleSignIn({
    ...{ service, sessions, people: store, clock, staffMaxAge: 60 * MINUTE, origin: 'https://licences.example.com' },
  });
  const session = await sessions.begin('jo', { kind: 'signed_in', refreshToken: tokens.refreshToken });
  return { signIn, sessions, session };
}

test('a session of staff ends with the sign-in that the API takes, though its token can be renewed', async () => {
  const { signIn, sessions, session } = await setUp(true, 61 * MINUTE);
  await expect(signIn.state(session)).rejects.toMatchObject({ refusal: 'session_ended' });
  expect(await sessions.find(session.handle.text)).toBeUndefined();
});

test('a second factor that was enrolled prolongs nothing', async () => {
  const { signIn, session } = await setUp(true, 50 * MINUTE);
  const { state } = await signIn.finishEnrollment(session, 'enrollment', '123456', 'phone');
  if (state.state !== 'signed_in') throw new Error(state.state);
  const left = Date.parse(state.session_ends_at) - Date.now();
  expect(left).toBeLessThanOrEqual(10 * MINUTE);
});

test('others keep theirs', async () => {
  const { signIn, session } = await setUp(false, 300 * MINUTE);
  expect(await signIn.state(session)).toMatchObject({ state: 'signed_in', staff: false });
});
