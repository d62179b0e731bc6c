import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { totpCode } from '#local/identity/totp.ts';
import { has } from '../programs.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
const SCRIPT = resolve(import.meta.dirname, '../../scripts/first-staff.sh');
const PASSWORD = 'a password of my own';

async function firstStaff(...args: readonly string[]): Promise<{ code: number; output: string }> {
  const { identity, administrator, firestore, project } = suite.stack;
  const env = {
    ...process.env,
    PROJECT: project.id,
    FIREBASE_AUTH_EMULATOR_HOST: identity.address(administrator),
    FIRESTORE_EMULATOR_HOST: firestore,
  };
  return promisify(execFile)('bash', [SCRIPT, ...args], { env }).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    (error) => ({ code: Number(error.code), output: `${error.stdout}${error.stderr}` }),
  );
}

const secretIn = (output: string) => /otpauth:\/\/totp\/\S*secret=([A-Z2-7]+)/.exec(output)?.[1];
const linkIn = (output: string) => new URL(/^ {2}(http\S+)$/m.exec(output)?.[1] ?? '');

// biome-ignore lint/suspicious/noExplicitAny: answers of several shapes, of which the test asserts what it uses
const identityCall = async (method: string, body: object): Promise<any> => {
  const { publicAddress, apiKey } = suite.stack.identity;
  const url = `http://${publicAddress}/identitytoolkit.googleapis.com/${method}?key=${apiKey}`;
  return (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json();
};

/** As the person does it: a password by the link, then password and code. @returns the ID token */
async function signIn(email: string, link: URL, secret: string): Promise<string> {
  await identityCall('v1/accounts:resetPassword', { oobCode: link.searchParams.get('oobCode'), newPassword: PASSWORD });
  const { mfaPendingCredential, mfaInfo } = await identityCall('v1/accounts:signInWithPassword', {
    ...{ email, password: PASSWORD },
  });
  const { idToken } = await identityCall('v2/accounts/mfaSignIn:finalize', {
    ...{ mfaPendingCredential, mfaEnrollmentId: mfaInfo[0].mfaEnrollmentId },
    totpVerificationInfo: { verificationCode: totpCode(secret, Date.now()) },
  });
  return idToken;
}

const tenants = (token: string) => suite.send('GET', '/api/v1/tenants', undefined, token);

describe.skipIf(!has('bash'))('scripts/first-staff.sh (needs bash)', () => {
  test('makes somebody staff, who signs in with password and code', async () => {
    const email = 'ada@vendor.example';
    const { code, output } = await firstStaff(email);
    expect([code, output]).toEqual([0, expect.stringContaining('is staff now')]);
    const token = await signIn(email, linkIn(output), secretIn(output) ?? '');
    expect((await tenants(token)).status).toBe(200);
  });

  test('repeated, leaves what is there: the factor, the password and the tenants of a member', async () => {
    const email = 'grace@vendor.example';
    const first = await firstStaff(email);
    const secret = secretIn(first.output) ?? '';
    const second = await firstStaff(email.toUpperCase());
    expect(second.code).toBe(0);
    expect(secretIn(second.output)).toBeUndefined();
    expect((await tenants(await signIn(email, linkIn(second.output), secret))).status).toBe(200);
    const third = await firstStaff('--new-factor', email);
    expect(secretIn(third.output)).not.toBe(secret);
    expect((await tenants(await signIn(email, linkIn(third.output), secretIn(third.output) ?? ''))).status).toBe(200);

    expect((await firstStaff('owner@demo.example')).code).toBe(0);
    const owner = await suite.stack.issuer.userToken({
      uid: 'demo-owner',
      email: 'owner@demo.example',
      secondFactor: true,
    });
    const own = await suite.send('GET', '/api/v1/tenants/demo/members', undefined, owner, {
      'countersign-tenant': 'demo',
    });
    expect(own.status).toBe(200);
  });

  const calls = ['lookup', 'accounts', 'update', 'config', 'signInWithPassword', 'start', 'finalize', 'sendOobCode'];

  test.each(calls.flatMap((method) => [false, true].map((lost) => ({ method, lost }))))(
    'goes on when $method fails for good (lost: $lost) and it is run again',
    async ({ method, lost }) => {
      const email = `${method}-${lost}@vendor.example`.toLowerCase();
      suite.stack.recorder.inject({ service: 'identity', method, code: 'PERMISSION_DENIED', times: 1, lost });
      const first = await firstStaff(email);
      suite.stack.recorder.forgetFaults();
      const second = await firstStaff(email);
      expect([second.code, second.output]).toEqual([0, expect.stringContaining('is staff now')]);
      const secret = secretIn(second.output) ?? secretIn(first.output) ?? '';
      expect((await tenants(await signIn(email, linkIn(second.output), secret))).status).toBe(200);
    },
    60_000,
  );

  test('says what is missing', async () => {
    expect(await firstStaff('nobody')).toMatchObject({ code: 64, output: expect.stringContaining('EMAIL') });
    expect((await firstStaff()).code).toBe(64);
  });
});
