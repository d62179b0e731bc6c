import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { time } from './schemas.ts';

const jwk = z.object({
  kty: z.literal('RSA'),
  n: z.string(),
  e: z.string(),
  use: z.literal('sig'),
  alg: z.literal('RS256'),
  kid: z.string().describe('RFC 7638 thumbprint'),
});

export const jwks = defineRoute({
  id: 'getJwks',
  method: 'GET',
  path: '/.well-known/jwks.json',
  access: ['anyone'],
  summary: 'All published keys as a JSON Web Key Set',
  responses: { 200: { description: 'RFC 7517', schema: z.object({ keys: z.array(jwk) }) } },
  errors: ['dependency_unavailable'],
  publicCors: true,
});

export const listKeys = defineRoute({
  id: 'listPublicKeys',
  method: 'GET',
  path: '/api/v1/public-keys',
  access: ['anyone'],
  summary: 'All published key versions with their state and PEM',
  responses: {
    200: {
      description: 'Newest first',
      schema: z.object({
        keys: z.array(
          z.object({
            key_version: z.string(),
            kid: z.string(),
            algorithm: z.string(),
            state: z.enum(['published', 'signing', 'retired', 'archived']),
            created_at: time,
            pem: z.string(),
          }),
        ),
      }),
    },
  },
  errors: ['dependency_unavailable'],
  publicCors: true,
});

export const getPem = defineRoute({
  id: 'getPublicKeyPem',
  method: 'GET',
  path: '/api/v1/public-keys/{key_version}.pem',
  access: ['anyone'],
  summary: 'One public key as SPKI PEM',
  params: z.object({ key_version: z.string().min(1) }),
  responses: { 200: { description: 'SPKI', contentType: 'application/x-pem-file', schema: z.string() } },
  errors: ['not_found', 'dependency_unavailable'],
  publicCors: true,
});

export const signedKeyList = defineRoute({
  id: 'getSignedKeyList',
  method: 'GET',
  path: '/.well-known/countersign-keys.json',
  access: ['anyone'],
  summary: 'The signed key list, from which all other forms follow',
  description:
    'The root, whose public key clients pin, signs which directory key is good; the directory key signs the list. ' +
    'What is signed is the canonical JSON of each without its `signature`. `sequence` only grows.',
  responses: {
    200: {
      description: 'Directory statement and key list',
      schema: z.object({ root: z.unknown(), list: z.unknown() }),
    },
  },
  errors: ['dependency_unavailable'],
  publicCors: true,
});

export const rootKeys = defineRoute({
  id: 'getRootKeys',
  method: 'GET',
  path: '/api/v1/root-keys.pem',
  access: ['anyone'],
  summary: 'The public keys of the roots as SPKI PEM, for pinning at build time',
  responses: { 200: { description: 'SPKI', contentType: 'application/x-pem-file', schema: z.string() } },
  publicCors: true,
});

export const verifyLicense = defineRoute({
  id: 'verifyLicense',
  method: 'POST',
  path: '/api/v1/licenses/verify',
  access: ['anyone'],
  summary: 'Verify signed licence data or a token',
  body: z
    .strictObject({ license_data: z.unknown().optional(), license_token: z.string().optional() })
    .refine(
      ({ license_data, license_token }) => (license_data === undefined) !== (license_token === undefined),
      'must have exactly one of license_data and license_token',
    ),
  responses: {
    200: {
      description: 'The result',
      schema: z.union([
        z.object({
          valid: z.literal(true),
          kind: z.enum(['seat', 'document']),
          key_version: z.string(),
          expires_at: z.string().optional(),
          valid_until: z.string().optional(),
        }),
        z.object({
          valid: z.literal(false),
          reason: z.enum(['malformed', 'unknown_key', 'bad_signature', 'revoked', 'expired', 'not_yet_valid']),
        }),
      ]),
    },
  },
  errors: ['dependency_unavailable'],
  publicCors: true,
});
