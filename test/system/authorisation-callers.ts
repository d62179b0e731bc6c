import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, exportJWK, type JWTPayload, SignJWT } from 'jose';
import * as z from 'zod';
import { emailOf } from '#local/accounts.ts';
import { DEMO_TENANT, STAFF, userOf } from '#local/people.ts';
import { type Access, SERVICE_SCOPES } from '#shared/model/principal.ts';
import type { World } from './authorisation-rules.ts';
import { join, membersOf } from './people.ts';
import type { Suite } from './suite.ts';

/** One kind of caller, and what it is to a route before the route looks at any object. */
export interface Caller {
  readonly name: string;
  /** Undefined sends no token at all. */
  readonly token: string | undefined;
  /** Of a token that is for the things of one test. */
  readonly tokenOf?: (world: World) => Promise<string>;
  /** What a route's `access` must name to admit it; else how everybody of this kind is refused. */
  readonly is: Access | 'unauthenticated' | 'forbidden';
  /** Has signed in; anybody may. */
  readonly person?: boolean;
  /** A tenant other than the one whose objects are asked for. */
  readonly foreign?: true;
  /** A token that nobody was given: only where its kind is admitted is it looked for, and not found. */
  readonly guessed?: true;
}

/** Everybody who may call, and everybody who only looks like it. */
export async function createCallers(suite: Suite): Promise<Caller[]> {
  const { stack, tokens } = suite;
  const { issuer, project } = stack;
  const admitted = ['guest', 'member', 'admin', 'owner', 'staff', 'scheduler'] as const;
  const scoped = async (scope: (typeof SERVICE_SCOPES)[number]): Promise<Caller> => ({
    name: `service with ${scope}`,
    token: await issuer.serviceToken({ email: emailOf(project, `backend-${scope}`) }),
    is: `service:${scope}`,
  });
  const person = userOf(DEMO_TENANT, 'owner');
  const claims = { tenant_id: DEMO_TENANT, role: 'owner', staff: true };
  const removed = await join(suite, DEMO_TENANT, 'owner');
  await suite.send('DELETE', membersOf(DEMO_TENANT, removed.uid), undefined, 'staff');
  const backend = emailOf(project, 'backend');
  const bad = (name: string, token: string | undefined): Caller => ({ name, token, is: 'unauthenticated' });
  const nobody = (name: string, token: string): Caller => ({ name, token, is: 'forbidden', person: true });
  const powerless = (name: string, token: string | undefined): Caller => ({ name, token, is: 'forbidden' });
  return [
    bad('stranger', undefined),
    ...admitted.map((name): Caller => ({ name, token: tokens[name], is: name, person: name !== 'scheduler' })),
    ...(await Promise.all(SERVICE_SCOPES.map(scoped))),
    { name: "another tenant's owner", token: tokens['other_tenant_owner'], is: 'owner', foreign: true, person: true },
    { name: 'portal', token: undefined, tokenOf: (world) => world.portalToken(), is: 'portal' },
    {
      name: 'portal of another licence',
      token: undefined,
      tokenOf: (world) => world.otherPortalToken(),
      is: 'portal',
      foreign: true,
    },
    { name: 'portal, guessed', token: `cps_${'A'.repeat(43)}`, is: 'portal', guessed: true },
    nobody('member removed a moment ago', removed.token),
    nobody('user without a role', await issuer.userToken({ uid: 'nobody', email: 'nobody@example.org' })),
    nobody('user with claims', await issuer.userToken({ uid: 'claimant', email: 'claimant@example.org', claims })),
    nobody('user with the email of a service', await issuer.userToken({ uid: 'u', email: backend })),
    nobody('user whose id is a path', await issuer.userToken({ uid: 'x/y', email: 'u@example.org' })),
    nobody('staff without a second factor', await issuer.userToken(STAFF)),
    nobody(
      'staff with an unverified address',
      await issuer.userToken({ ...STAFF, secondFactor: true, emailVerified: false }),
    ),
    powerless("somebody else's service", tokens['foreign_service']),
    powerless('our own account that is on no list', tokens['worker']),
    bad('expired user', await issuer.userToken({ ...person, expiresInSeconds: -60 })),
    bad('expired service', await issuer.serviceToken({ email: backend, expiresInSeconds: -60 })),
    bad(
      'service for another audience',
      await issuer.serviceToken({ email: backend, audience: 'https://other.example' }),
    ),
    ...(await createForgeries(tokens['guest'] ?? '', stack.issuer.userJwksUrl)).map(([name, token]) =>
      bad(name, token),
    ),
  ];
}

/** A guest's genuine token, made into an owner's in every way that a careless verifier has ever accepted. */
async function createForgeries(genuine: string, jwksUrl: string): Promise<[string, string][]> {
  const [head = '', payload = '', signature = ''] = genuine.split('.');
  const claims: JWTPayload = { ...decodeJwt(genuine), role: 'owner', staff: true };
  const { kid = '' } = decodeProtectedHeader(genuine);
  const raised = encode(claims);
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...(await exportJWK(own.publicKey)), alg: 'RS256', kid: 'own' };
  const sign = (header: object) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', ...header }).sign(own.privateKey);
  const hmac = async (secret: string) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(Buffer.from(secret));
  return [
    ['forged: role raised', [head, raised, signature].join('.')],
    ['forged: alg none', [encode({ alg: 'none', typ: 'JWT' }), raised, ''].join('.')],
    ['forged: alg none, signature kept', [encode({ alg: 'none', kid }), raised, signature].join('.')],
    ['forged: no signature', [head, payload, ''].join('.')],
    ['forged: own key', await sign({ kid })],
    ['forged: embedded jwk', await sign({ jwk, kid: 'own' })],
    ['forged: jku of its own', await sign({ jku: 'http://127.0.0.1:9/jwks', kid: 'own' })],
    ['forged: HMAC with the public key', await hmac(await publicPem(jwksUrl))],
    [
      "forged: another project's",
      await new SignJWT({ ...claims, aud: 'other', iss: 'https://securetoken.google.com/other' })
        .setProtectedHeader({ alg: 'RS256', kid })
        .sign(own.privateKey),
    ],
  ];
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const keySet = z.object({ keys: z.array(z.object({ kty: z.literal('RSA'), n: z.string(), e: z.string() })).min(1) });

async function publicPem(jwksUrl: string): Promise<string> {
  const { keys } = keySet.parse(await (await fetch(jwksUrl)).json());
  const [key = { kty: 'RSA' }] = keys;
  return createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
}
