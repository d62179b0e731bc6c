import { createServer } from 'node:http';
import fc from 'fast-check';
import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAuthenticate } from '#shared/http/authenticate.ts';
import { listening } from './raw-http.ts';

const PROJECT = 'p';
const AUDIENCE = 'https://api.example';
const USER_ISSUER = `https://securetoken.google.com/${PROJECT}`;
const SERVICE = 'signer@p.example';
const SCHEDULER = 'scheduler@p.example';

/** One key pair that issues tokens, one that a forger has. */
const make = () => generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
const [issuerKey, forgerKey] = [await make(), await make()];
const publicJwk = async (key: Awaited<ReturnType<typeof make>>, kid: string): Promise<JWK> => ({
  ...(await exportJWK(key.publicKey)),
  kid,
  alg: 'RS256',
  use: 'sig',
});

const seconds = () => Math.floor(Date.now() / 1000);
const period = () => ({ iat: seconds() - 60, exp: seconds() + 3600 });
const user = (): JWTPayload => ({ iss: USER_ISSUER, aud: PROJECT, sub: 'uid-1', email: 'u@t.example', ...period() });
const service = (email = SERVICE): JWTPayload => ({
  iss: 'https://accounts.google.com',
  aud: AUDIENCE,
  sub: '123',
  email,
  email_verified: true,
  ...period(),
});
/** As its issuer signs it, with the published key. */
const genuine = (claims: JWTPayload, kid = 'k1', key = issuerKey) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' }).sign(key.privateKey);
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A key set's server that can break down and exchange its keys. */
async function setUp() {
  const state = { status: 200, keys: [await publicJwk(issuerKey, 'k1')], reads: 0 };
  const server = createServer((_request, response) => {
    state.reads += 1;
    response.writeHead(state.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: state.keys }));
  });
  const jwksUrl = `http://127.0.0.1:${await listening(server)}/jwks.json`;
  const authenticate = createAuthenticate({
    user: { issuer: USER_ISSUER, audience: PROJECT, jwksUrl },
    service: { audience: AUDIENCE, jwksUrl },
    services: [{ email: SERVICE, scopes: ['sign', 'tasks'], urlTenants: undefined }],
    schedulers: [SCHEDULER],
  });
  return { state, authenticate, bearing: (token: string) => authenticate(`Bearer ${token}`) };
}

const unauthenticated = { code: 'unauthenticated' };

afterEach(() => {
  vi.useRealTimers();
});

describe('createAuthenticate accepts', () => {
  it('a user, whose claims of a tenant, a role or staff give nothing', async () => {
    const { bearing } = await setUp();
    expect(await bearing(await genuine({ ...user(), tenant_id: 't1', role: 'admin', staff: true }))).toEqual({
      kind: 'user',
      uid: 'uid-1',
      email: 'u@t.example',
      emailVerified: false,
      secondFactor: false,
      signedInAt: 0,
    });
  });

  it.each([
    [{ email_verified: true }, { emailVerified: true, secondFactor: false }],
    [{ email_verified: 'true' }, { emailVerified: false }],
    [{ firebase: { sign_in_second_factor: 'totp' } }, { emailVerified: false, secondFactor: true }],
    [{ firebase: 'totp' }, { secondFactor: false }],
    [{ auth_time: 1_700_000_000 }, { signedInAt: 1_700_000_000_000 }],
    [{ auth_time: '1700000000' }, { signedInAt: 0 }],
  ])('a user with %j as %j', async (claims, expected) => {
    const { bearing } = await setUp();
    expect(await bearing(await genuine({ ...user(), ...claims }))).toMatchObject(expected);
  });

  it('a service and a scheduler on the lists, under both names of Google', async () => {
    const { bearing } = await setUp();
    expect(await bearing(await genuine(service()))).toEqual({
      kind: 'service',
      email: SERVICE,
      scopes: ['sign', 'tasks'],
      urlTenants: undefined,
    });
    expect(await bearing(await genuine(service(SCHEDULER)))).toEqual({ kind: 'scheduler', email: SCHEDULER });
    expect(await bearing(await genuine({ ...service(), iss: 'accounts.google.com' }))).toMatchObject({
      kind: 'service',
    });
  });

  it('a scheme in any case', async () => {
    const { authenticate } = await setUp();
    expect(await authenticate(`bearer ${await genuine(service())}`)).toMatchObject({ kind: 'service' });
  });

  it('a token within 30 seconds of its end, and not beyond', async () => {
    const { bearing } = await setUp();
    expect(await bearing(await genuine({ ...user(), exp: seconds() - 20 }))).toMatchObject({ kind: 'user' });
    await expect(bearing(await genuine({ ...user(), exp: seconds() - 31 }))).rejects.toMatchObject({
      ...unauthenticated,
      message: 'The token has expired.',
    });
  });
});

describe('createAuthenticate refuses', () => {
  it.each([
    [undefined],
    [''],
    ['Bearer'],
    ['Bearer '],
    ['Basic dTpw'],
    ['Bearer a b'],
    ['Bearer x'],
    ['Bearer a.b'],
    ['Bearer a.b.c'],
    ['Bearer ..'],
    ['Bearer e30.e30.'],
    ['Bearer e30.W10.AA'],
    ['Bearer a.b.c, Bearer d.e.f'],
    [`Bearer ${'a'.repeat(8193)}`],
  ])('the header %j without asking for keys', async (header) => {
    const { authenticate, state } = await setUp();
    await expect(authenticate(header)).rejects.toMatchObject(unauthenticated);
    // A token that reads as a JWT of nobody is checked against the users' keys; anything else asks nothing.
    if (header !== 'Bearer e30.e30.') expect(state.reads).toBe(0);
  });

  it('a genuine account that is on no list', async () => {
    const { bearing } = await setUp();
    const strangers = ['other@evil.example', `${SERVICE}.evil.example`, SERVICE.toUpperCase(), ` ${SERVICE}`, ''];
    for (const email of strangers) {
      await expect(bearing(await genuine(service(email)))).rejects.toMatchObject({ code: 'forbidden' });
    }
  });

  it.each<[string, Record<string, unknown>]>([
    ['an email that is not verified', { email_verified: false }],
    ['an email verified in words', { email_verified: 'true' }],
    ['no word whether its email is verified', { email_verified: undefined }],
    ['no email', { email: undefined }],
    ['two emails', { email: [SERVICE] }],
    ['another audience', { aud: 'https://other.example' }],
    ['the users’ audience', { aud: PROJECT }],
    ['no audience', { aud: undefined }],
    ['no end', { exp: undefined }],
    ['no beginning', { iat: undefined }],
    ['a beginning in the future', { nbf: Math.floor(Date.now() / 1000) + 3600 }],
    ['nobody as its subject', { sub: undefined }],
    ['an end in the past', { exp: Math.floor(Date.now() / 1000) - 3600 }],
  ])('a service’s token with %s', async (_name, claims) => {
    const { bearing } = await setUp();
    await expect(bearing(await genuine({ ...service(), ...claims }))).rejects.toMatchObject(unauthenticated);
  });

  it.each<[string, Record<string, unknown>]>([
    ['another project’s issuer', { iss: 'https://securetoken.google.com/other' }],
    ['an issuer with a slash too many', { iss: `${USER_ISSUER}/` }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'other' }],
    ['the services’ audience', { aud: AUDIENCE }],
    ['an empty subject', { sub: '' }],
    ['an end in the past', { exp: Math.floor(Date.now() / 1000) - 3600 }],
  ])('a user’s token with %s', async (_name, claims) => {
    const { bearing } = await setUp();
    await expect(bearing(await genuine({ ...user(), ...claims }))).rejects.toMatchObject(unauthenticated);
  });

  it('a service that calls itself a user, and the other way round', async () => {
    const { bearing } = await setUp();
    const asUser = { ...service(), iss: USER_ISSUER };
    await expect(bearing(await genuine(asUser))).rejects.toMatchObject(unauthenticated);
    const asService = { ...user(), iss: 'https://accounts.google.com', email_verified: true, email: SERVICE };
    await expect(bearing(await genuine(asService))).rejects.toMatchObject(unauthenticated);
  });

  it('alg none, with and without a signature', async () => {
    const { bearing } = await setUp();
    const signature = (await genuine(service())).split('.')[2];
    for (const alg of ['none', 'None', 'NONE']) {
      const unsigned = `${encode({ alg, kid: 'k1' })}.${encode(service())}`;
      for (const token of [`${unsigned}.`, `${unsigned}.${signature}`]) {
        await expect(bearing(token)).rejects.toMatchObject(unauthenticated);
      }
    }
  });

  it('HS256 with the public key as the secret, in each of its forms', async () => {
    const { bearing, state } = await setUp();
    const secrets = [await exportSPKI(issuerKey.publicKey), JSON.stringify(state.keys[0]), state.keys[0]?.n ?? ''];
    for (const secret of secrets) {
      const forged = await new SignJWT(service())
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .sign(Buffer.from(secret));
      await expect(bearing(forged)).rejects.toMatchObject(unauthenticated);
    }
  });

  it('the issuer’s own key with another algorithm, also when the key set names none', async () => {
    const { bearing, state } = await setUp();
    const { alg: _alg, ...publicKey } = await publicJwk(issuerKey, 'k1');
    const { alg: _none, ...privateKey } = await exportJWK(issuerKey.privateKey);
    state.keys = [publicKey];
    for (const alg of ['RS384', 'RS512', 'PS256']) {
      const forged = await new SignJWT(service()).setProtectedHeader({ alg, kid: 'k1' }).sign({ ...privateKey, alg });
      await expect(bearing(forged)).rejects.toMatchObject(unauthenticated);
    }
    expect(await bearing(await genuine(service()))).toMatchObject({ kind: 'service' });
  });

  it('a key of the forger’s, under the genuine kid and under its own', async () => {
    const { bearing } = await setUp();
    for (const kid of ['k1', 'mine']) {
      await expect(bearing(await genuine(service(), kid, forgerKey))).rejects.toMatchObject(unauthenticated);
      await expect(bearing(await genuine(user(), kid, forgerKey))).rejects.toMatchObject(unauthenticated);
    }
  });

  it('a key that the token brings or points to', async () => {
    const { bearing } = await setUp();
    const jwk = await publicJwk(forgerKey, 'k1');
    let asked = 0;
    const port = await listening(
      createServer((_request, response) => {
        asked += 1;
        response.end(JSON.stringify({ keys: [jwk] }));
      }),
    );
    const jku = `http://127.0.0.1:${port}/`;
    for (const extra of [{ jwk }, { jku }, { x5u: jku }, { x5c: ['AAAA'] }, { crit: ['b64'], b64: true }]) {
      const forged = await new SignJWT(service())
        .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...extra })
        .sign(forgerKey.privateKey);
      await expect(bearing(forged)).rejects.toMatchObject(unauthenticated);
    }
    expect(asked).toBe(0);
  });

  it('a genuine token with a claim changed, or without its signature', async () => {
    const { bearing } = await setUp();
    const [head, , signature] = (await genuine(service('other@evil.example'))).split('.');
    for (const token of [
      `${head}.${encode(service())}.${signature}`,
      `${head}.${encode(service())}.`,
      `${head}.${encode(service())}.SIGNATURE_REMOVED_BY_GOOGLE`,
    ]) {
      await expect(bearing(token)).rejects.toMatchObject(unauthenticated);
    }
  });

  it('whatever else stands in the header, as the caller’s fault and nobody else’s', async () => {
    const { bearing } = await setUp();
    const header = fc.record(
      {
        alg: fc.oneof(fc.constantFrom('RS256', 'none', 'HS256', 'ES256', 'dir'), fc.jsonValue()),
        kid: fc.oneof(fc.constant('k1'), fc.jsonValue()),
        typ: fc.jsonValue(),
        crit: fc.oneof(fc.constant(['b64']), fc.jsonValue()),
        b64: fc.boolean(),
        jwk: fc.jsonValue(),
        zip: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(header, fc.base64String(), async (head, signature) => {
        const url = Buffer.from(signature, 'base64').toString('base64url');
        const token = `${encode(head)}.${encode(service())}.${url}`;
        await expect(bearing(token)).rejects.toMatchObject(unauthenticated);
      }),
      { numRuns: 300 },
    );
  });

  it('without repeating the token', async () => {
    const { bearing } = await setUp();
    const token = await genuine(service(), 'k1', forgerKey);
    const error: unknown = await bearing(token).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain(token.slice(0, 20));
  });
});

describe('the issuers’ keys', () => {
  it('are read once for many tokens', async () => {
    const { bearing, state } = await setUp();
    const token = await genuine(user());
    await Promise.all(Array.from({ length: 20 }, () => bearing(token)));
    await bearing(token);
    expect(state.reads).toBe(1);
  });

  it('are read again for a kid that is new, half a minute after the last time at the earliest', async () => {
    const { bearing, state } = await setUp();
    await bearing(await genuine(user()));
    state.keys = [...state.keys, await publicJwk(forgerKey, 'k2')];
    const token = await genuine(user(), 'k2', forgerKey);
    await expect(bearing(token)).rejects.toMatchObject(unauthenticated);
    expect(state.reads).toBe(1);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
    expect(await bearing(token)).toMatchObject({ kind: 'user' });
    expect(state.reads).toBe(2);
  });

  it('that were withdrawn are no longer believed ten minutes later', async () => {
    const { bearing, state } = await setUp();
    const token = await genuine(user());
    await bearing(token);
    state.keys = [await publicJwk(forgerKey, 'k2')];
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 });
    await expect(bearing(token)).rejects.toMatchObject(unauthenticated);
  });

  it.each([[500], [404], [302]])('that their server answers with %i for are not the caller’s fault', async (status) => {
    const { bearing, state } = await setUp();
    state.status = status;
    await expect(bearing(await genuine(user()))).rejects.toMatchObject({ code: 'dependency_unavailable' });
    state.status = 200;
    expect(await bearing(await genuine(user()))).toMatchObject({ kind: 'user' });
  });

  it('that cannot be reached are not the caller’s fault', async () => {
    const jwksUrl = 'http://127.0.0.1:1/jwks.json';
    const authenticate = createAuthenticate({
      user: { issuer: USER_ISSUER, audience: PROJECT, jwksUrl },
      service: { audience: AUDIENCE, jwksUrl },
      services: [{ email: SERVICE, scopes: ['sign', 'tasks'], urlTenants: undefined }],
      schedulers: [],
    });
    for (const claims of [user(), service()]) {
      await expect(authenticate(`Bearer ${await genuine(claims)}`)).rejects.toMatchObject({
        code: 'dependency_unavailable',
      });
    }
  });

  it('serve on while their server is down', async () => {
    const { bearing, state } = await setUp();
    const token = await genuine(user());
    await bearing(token);
    state.status = 500;
    expect(await bearing(token)).toMatchObject({ kind: 'user' });
  });
});
