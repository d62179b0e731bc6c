import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { totpCode } from '#local/identity/totp.ts';
import { personPath } from '#shared/model/person.ts';
import { type Google, GoogleError } from './google.ts';
import type { Settings } from './settings.ts';

const lookup = z.object({
  users: z.array(z.object({ localId: z.string(), mfaInfo: z.array(z.unknown()).default([]) })).default([]),
});
const created = z.object({ localId: z.string() });
const config = z.object({ client: z.object({ apiKey: z.string().min(1) }) });
const signedIn = z.object({ idToken: z.string() });
const enrolment = z.object({ totpSessionInfo: z.object({ sharedSecretKey: z.string(), sessionInfo: z.string() }) });
const link = z.object({ oobLink: z.string() });

const ISSUER = 'Countersign';

/** The steps of making somebody staff; each can be repeated. */
export function createSteps(settings: Settings, google: Google, say: (line: string) => void) {
  const { email, project, database } = settings;
  const accounts = `${settings.identity}/v1/projects/${project}/accounts`;

  async function find(): Promise<z.output<typeof lookup>['users'][number] | undefined> {
    const [user] = lookup.parse(await google.administer('POST', `${accounts}:lookup`, { email: [email] })).users;
    return user;
  }

  /** @returns the uid */
  async function makeUser(): Promise<string> {
    const user = await find();
    if (user !== undefined) return user.localId;
    try {
      return created.parse(await google.administer('POST', accounts, { email, emailVerified: true })).localId;
    } catch (error) {
      // An earlier attempt whose answer was lost has made it.
      if (!(error instanceof GoogleError && error.message.startsWith('EMAIL_EXISTS'))) throw error;
    }
    const made = await find();
    if (made === undefined) throw new Error('Identity Platform says that the user exists, and does not find it');
    return made.localId;
  }

  /** Staff need a verified address; whoever runs this vouches for it. */
  const verifyAddress = (localId: string) =>
    google.administer('POST', `${accounts}:update`, { localId, emailVerified: true });

  async function hasFactor(): Promise<boolean> {
    return ((await find())?.mfaInfo.length ?? 0) > 0;
  }

  const withdrawFactors = (localId: string) =>
    google.administer('POST', `${accounts}:update`, { localId, mfa: { enrollments: [] } });

  /**
   * Only a person can enrol a factor, so this signs in as the person, with a password that nobody learns. The secret is
   * shown before it counts: if the enrolment succeeds and its answer is lost, it has been seen.
   */
  async function enrolFactor(localId: string): Promise<void> {
    const { apiKey } = config.parse(
      await google.administer('GET', `${settings.identity}/admin/v2/projects/${project}/config`),
    ).client;
    const password = randomBytes(24).toString('base64url');
    await google.administer('POST', `${accounts}:update`, { localId, password });
    const { idToken } = signedIn.parse(
      await google.asPerson('v1/accounts:signInWithPassword', apiKey, { email, password, returnSecureToken: true }),
    );
    const started = enrolment.parse(
      await google.asPerson('v2/accounts/mfaEnrollment:start', apiKey, { idToken, totpEnrollmentInfo: {} }),
    ).totpSessionInfo;
    say('Second factor: put this into an authenticator app (only the last one shown counts):');
    say(`  ${uriOf(started.sharedSecretKey)}`);
    const totpVerificationInfo = {
      sessionInfo: started.sessionInfo,
      verificationCode: totpCode(started.sharedSecretKey, Date.now()),
    };
    const finish = { idToken, displayName: 'first-staff', totpVerificationInfo };
    await google.asPerson('v2/accounts/mfaEnrollment:finalize', apiKey, finish).catch(async (error: unknown) => {
      // The request may have been sent twice, and the first one have succeeded.
      if (!(await hasFactor())) throw error;
    });
  }

  const uriOf = (secret: string) =>
    `otpauth://totp/${encodeURIComponent(`${ISSUER}:${email}`)}?${new URLSearchParams({ secret, issuer: ISSUER })}`;

  async function makeStaff(localId: string): Promise<void> {
    const mask = 'updateMask.fieldPaths=email&updateMask.fieldPaths=staff';
    const document = `v1/projects/${project}/databases/${database}/documents/${personPath(localId)}`;
    const fields = { email: { stringValue: email }, staff: { booleanValue: true } };
    await google.administer('PATCH', `${settings.firestore}/${document}?${mask}`, { fields });
  }

  /** @returns the address at which the person sets a password */
  async function passwordLink(): Promise<string> {
    const request = { requestType: 'PASSWORD_RESET', email, returnOobLink: true };
    return link.parse(await google.administer('POST', `${accounts}:sendOobCode`, request)).oobLink;
  }

  return { makeUser, verifyAddress, hasFactor, withdrawFactors, enrolFactor, makeStaff, passwordLink };
}
