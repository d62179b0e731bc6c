import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalIdentity, startIdentity } from '#local/identity/start.ts';
import { toBase32, totpCode } from '#local/identity/totp.ts';
import { type Issuer, startIssuer } from '#local/issuer/start.ts';
import { createRecorder } from '#local/recorder.ts';

/** What people do themselves, with the requests that Google's documentation gives for Identity Platform. */

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes and assert what they find
type Loose = any;

const PROJECT = 'demo-people';
let issuer: Issuer;
let identity: LocalIdentity;
beforeAll(async () => {
  issuer = await startIssuer({ projectId: PROJECT, audience: 'https://countersign.example' });
  identity = await startIdentity({ projectId: PROJECT, callers: [], issuer, recorder: createRecorder() });
});
afterAll(async () => {
  await identity.close();
  await issuer.close();
});

const call = async (method: string, body: object, key = identity.apiKey): Promise<{ status: number; body: Loose }> => {
  const url = `http://${identity.publicAddress}/identitytoolkit.googleapis.com/${method}?key=${key}`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
};
const refresh = async (refresh_token: string): Promise<Loose> => {
  const url = `http://${identity.publicAddress}/securetoken.googleapis.com/v1/token?key=${identity.apiKey}`;
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token });
  return (await fetch(url, { method: 'POST', body: form })).json();
};
const refused = (reason: string, status = 400) => ({ status, body: { error: { code: status, message: reason } } });
const mailed = async (email: string) => {
  const response = await fetch(`http://${identity.publicAddress}/emulator/v1/projects/${PROJECT}/oobCodes`);
  const { oobCodes }: Loose = await response.json();
  return oobCodes.filter((one: { email: string }) => one.email === email).at(-1)?.oobCode;
};
const PASSWORD = 'correct horse';
const signUp = async (email: string) => {
  const { status, body } = await call('v1/accounts:signUp', { email, password: PASSWORD, returnSecureToken: true });
  expect(status).toBe(200);
  return body;
};
const signIn = (email: string, password = PASSWORD) =>
  call('v1/accounts:signInWithPassword', { email, password, returnSecureToken: true });

async function verified(email: string) {
  const { idToken, localId } = await signUp(email);
  await call('v1/accounts:sendOobCode', { requestType: 'VERIFY_EMAIL', idToken });
  expect((await call('v1/accounts:update', { oobCode: await mailed(email) })).body.emailVerified).toBe(true);
  return { localId, idToken };
}

describe('signing up', () => {
  test('gives a token of an address that is not verified yet', async () => {
    const { idToken, refreshToken, localId } = await signUp('Ada@example.org');
    const claims = { sub: localId, aud: PROJECT, email: 'ada@example.org', email_verified: false };
    expect(decodeJwt(idToken)).toMatchObject(claims);
    const again = await refresh(refreshToken);
    expect(decodeJwt(again.id_token)).toMatchObject(claims);
    expect(await call('v1/accounts:lookup', { idToken })).toMatchObject({ body: { users: [{ localId }] } });
    const taken = { email: 'ada@EXAMPLE.org', password: PASSWORD };
    expect(await call('v1/accounts:signUp', taken)).toMatchObject(refused('EMAIL_EXISTS'));
    const weak = { email: 'w@example.org', password: 'short' };
    expect((await call('v1/accounts:signUp', weak)).body.error.message).toMatch(/^WEAK_PASSWORD/);
    expect((await call('v1/accounts:signUp', weak, 'x')).status).toBe(403);
  });

  test('the code that was mailed verifies the address, once', async () => {
    const email = 'verify@example.org';
    const { idToken } = await signUp(email);
    await call('v1/accounts:sendOobCode', { requestType: 'VERIFY_EMAIL', idToken });
    const oobCode = await mailed(email);
    expect((await call('v1/accounts:update', { oobCode })).status).toBe(200);
    expect(await call('v1/accounts:update', { oobCode })).toMatchObject(refused('INVALID_OOB_CODE'));
    expect(decodeJwt((await signIn(email)).body.idToken)).toMatchObject({ email_verified: true });
  });
});

describe('a password', () => {
  test('is asked for, and nobody learns who exists', async () => {
    await signUp('bob@example.org');
    expect((await signIn('bob@example.org')).status).toBe(200);
    for (const [email, password] of [
      ['bob@example.org', 'wrong one'],
      ['nobody@example.org', PASSWORD],
    ] as const) {
      expect(await signIn(email, password)).toMatchObject(refused('INVALID_LOGIN_CREDENTIALS'));
    }
    expect(
      (await call('v1/accounts:sendOobCode', { requestType: 'PASSWORD_RESET', email: 'n@example.org' })).status,
    ).toBe(200);
  });

  test('is set anew by a code, which ends the sign-ins there were', async () => {
    const email = 'reset@example.org';
    const { refreshToken } = await signUp(email);
    await call('v1/accounts:sendOobCode', { requestType: 'PASSWORD_RESET', email });
    const oobCode = await mailed(email);
    expect(await call('v1/accounts:resetPassword', { oobCode })).toMatchObject({ body: { email } });
    expect((await call('v1/accounts:resetPassword', { oobCode, newPassword: 'another one' })).status).toBe(200);
    expect(await refresh(refreshToken)).toMatchObject({ error: { message: 'TOKEN_EXPIRED' } });
    expect((await signIn(email)).status).toBe(400);
    expect((await signIn(email, 'another one')).status).toBe(200);
    expect((await call('v1/accounts:resetPassword', { oobCode, newPassword: 'a third one' })).status).toBe(400);
  });
});

describe('a second factor', () => {
  const enrol = async (idToken: string) => {
    const { body } = await call('v2/accounts/mfaEnrollment:start', { idToken, totpEnrollmentInfo: {} });
    const { sharedSecretKey: secret, sessionInfo } = body.totpSessionInfo;
    const finish = (verificationCode: string) =>
      call('v2/accounts/mfaEnrollment:finalize', {
        ...{ idToken, displayName: 'phone' },
        totpVerificationInfo: { sessionInfo, verificationCode },
      });
    return { secret, finish, session: body.totpSessionInfo };
  };

  test('is enrolled with a code, and asked for from then on', async () => {
    const email = 'factor@example.org';
    const { idToken } = await verified(email);
    const { secret, finish, session } = await enrol(idToken);
    expect(session).toMatchObject({ verificationCodeLength: 6, hashingAlgorithm: 'SHA1', periodSec: 30 });
    expect(await finish('000000')).toMatchObject(refused('INVALID_CODE'));
    const finished = await finish(totpCode(secret, Date.now()));
    expect(decodeJwt(finished.body.idToken)).toMatchObject({ firebase: { sign_in_second_factor: 'totp' } });

    const { body } = await signIn(email);
    expect(body).not.toHaveProperty('idToken');
    const [{ mfaEnrollmentId }] = body.mfaInfo;
    const finalize = (verificationCode: string) =>
      call('v2/accounts/mfaSignIn:finalize', {
        ...{ mfaPendingCredential: body.mfaPendingCredential, mfaEnrollmentId },
        totpVerificationInfo: { verificationCode },
      });
    expect(await finalize('000000')).toMatchObject(refused('INVALID_CODE'));
    const done = await finalize(totpCode(secret, Date.now() - 30_000));
    expect(decodeJwt(done.body.idToken)).toMatchObject({ email, firebase: { sign_in_second_factor: 'totp' } });
    const again = await refresh(done.body.refreshToken);
    expect(decodeJwt(again.id_token)).toMatchObject({ firebase: { sign_in_second_factor: 'totp' } });
    expect(await finalize(totpCode(secret, Date.now()))).toMatchObject(refused('INVALID_MFA_PENDING_CREDENTIAL'));

    const withdrawn = { idToken: done.body.idToken, mfaEnrollmentId };
    expect((await call('v2/accounts/mfaEnrollment:withdraw', withdrawn)).status).toBe(200);
    expect((await signIn(email)).body).toHaveProperty('idToken');
  });

  test('needs a verified address', async () => {
    const { idToken } = await signUp('unverified@example.org');
    const start = { idToken, totpEnrollmentInfo: {} };
    expect(await call('v2/accounts/mfaEnrollment:start', start)).toMatchObject(refused('UNVERIFIED_EMAIL'));
  });

  test("is none of somebody else's, and a token of another project is nobody's", async () => {
    const [one, two] = [await verified('one@example.org'), await verified('two@example.org')];
    const { secret, session } = await enrol(one.idToken);
    const totpVerificationInfo = { sessionInfo: session.sessionInfo, verificationCode: totpCode(secret, Date.now()) };
    const stolen = { idToken: two.idToken, totpVerificationInfo };
    expect(await call('v2/accounts/mfaEnrollment:finalize', stolen)).toMatchObject(refused('INVALID_SESSION_INFO'));
    expect(await call('v1/accounts:lookup', { idToken: 'x.y.z' })).toMatchObject(refused('INVALID_ID_TOKEN'));
  });
});

describe('a TOTP code', () => {
  const secret = toBase32(Buffer.from('12345678901234567890'));

  // RFC 6238, appendix B, the last six of its eight digits.
  test.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('at %i s is as RFC 6238 has it', (seconds, code) => {
    expect(totpCode(secret, seconds * 1000)).toBe(code);
  });
});
