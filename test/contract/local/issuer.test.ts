import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Issuer, startIssuer } from '#local/issuer/start.ts';

const PROJECT = 'p-test';
const AUDIENCE = 'https://services.test';
const USERS = { issuer: `https://securetoken.google.com/${PROJECT}`, audience: PROJECT, algorithms: ['RS256'] };
const SERVICES = { issuer: 'https://accounts.google.com', audience: AUDIENCE, algorithms: ['RS256'] };

let issuer: Issuer;
let userKeys: ReturnType<typeof createRemoteJWKSet>;
let serviceKeys: ReturnType<typeof createRemoteJWKSet>;

beforeAll(async () => {
  issuer = await startIssuer({ projectId: PROJECT, audience: AUDIENCE });
  userKeys = createRemoteJWKSet(new URL(issuer.userJwksUrl));
  serviceKeys = createRemoteJWKSet(new URL(issuer.serviceJwksUrl));
});

afterAll(() => issuer.close());

const user = { uid: 'u1', email: 'u1@example.test' };
const service = { email: 'backend@p-test.iam.gserviceaccount.com' };

const codeOf = (verification: Promise<unknown>) =>
  verification.then(
    () => 'OK',
    (error: { code: string }) => error.code,
  );

describe('user tokens', () => {
  it("have Identity Platform's shape and the custom claims that were given", async () => {
    const token = await issuer.userToken({ ...user, claims: { tenant_id: 't1', role: 'admin' } });
    const { payload, protectedHeader } = await jwtVerify(token, userKeys, USERS);
    const { iat = 0, exp = 0 } = payload;
    expect(payload).toEqual({
      iss: USERS.issuer,
      aud: PROJECT,
      auth_time: iat,
      user_id: 'u1',
      sub: 'u1',
      iat,
      exp,
      email: user.email,
      email_verified: true,
      firebase: { identities: { email: [user.email] }, sign_in_provider: 'password' },
      tenant_id: 't1',
      role: 'admin',
    });
    expect(exp - iat).toBe(12 * 3_600);
    expect(protectedHeader).toEqual({ alg: 'RS256', kid: expect.stringMatching(/^[0-9a-f]{40}$/), typ: 'JWT' });
  });

  it('say whether the address is verified and a second factor was used', async () => {
    const { email_verified, firebase } = decodeJwt(
      await issuer.userToken({ ...user, emailVerified: false, secondFactor: true }),
    );
    expect(email_verified).toBe(false);
    expect(firebase).toMatchObject({ sign_in_second_factor: 'totp' });
  });

  it('can have expired', async () => {
    const token = await issuer.userToken({ ...user, expiresInSeconds: -1 });
    expect(await codeOf(jwtVerify(token, userKeys, USERS))).toBe('ERR_JWT_EXPIRED');
  });
});

describe('service tokens', () => {
  it("have Google's shape and the shared audience", async () => {
    const { payload } = await jwtVerify(await issuer.serviceToken(service), serviceKeys, SERVICES);
    expect(payload).toEqual({
      iss: 'https://accounts.google.com',
      aud: AUDIENCE,
      azp: expect.stringMatching(/^1\d{20}$/),
      sub: payload['azp'],
      email: service.email,
      email_verified: true,
      iat: payload.iat,
      exp: (payload.iat ?? 0) + 12 * 3_600,
    });
  });

  it('can be for another audience', async () => {
    const token = await issuer.serviceToken({ ...service, audience: 'https://elsewhere.test' });
    expect(await codeOf(jwtVerify(token, serviceKeys, SERVICES))).toBe('ERR_JWT_CLAIM_VALIDATION_FAILED');
  });
});

describe('the keys', () => {
  it('differ for the two kinds', async () => {
    expect(await codeOf(jwtVerify(await issuer.userToken(user), serviceKeys))).toBe('ERR_JWKS_NO_MATCHING_KEY');
    expect(await codeOf(jwtVerify(await issuer.serviceToken(service), userKeys))).toBe('ERR_JWKS_NO_MATCHING_KEY');
  });

  it('are public ones only, at their two paths and nowhere else', async () => {
    const response = await fetch(issuer.userJwksUrl);
    expect(response.headers.get('content-type')).toBe('application/json; charset=UTF-8');
    const base64url = expect.stringMatching(/^[\w-]{342}$/);
    const kid = expect.stringMatching(/^[0-9a-f]{40}$/);
    expect(await response.json()).toEqual({
      keys: [{ kty: 'RSA', e: 'AQAB', n: base64url, alg: 'RS256', use: 'sig', kid }],
    });
    expect((await fetch(new URL('/', issuer.userJwksUrl))).status).toBe(404);
    expect((await fetch(issuer.userJwksUrl, { method: 'POST' })).status).toBe(404);
  });
});
