import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { VENDOR } from '../model/principal.ts';
import { email, page, time } from './schemas.ts';

const licenseParams = z.object({ license_id: z.string() });
const userParams = licenseParams.extend({ email: email.describe('percent-encoded; letter case does not matter') });
const access = [...VENDOR, 'owner', 'admin'] as const;

export const namedUser = z.object({
  email: z.string().describe('in lower case and composed Unicode (NFC)'),
  added_at: time,
  last_acquired_at: time.nullable().describe('when the user got a seat for the last time'),
});

export const listNamedUsers = defineRoute({
  id: 'listNamedUsers',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/users',
  access,
  summary: 'The named users of a licence',
  description:
    'Those who may have a seat where the licence has `named_users`. In pages: the `Link` header (`rel="next"`) has the ' +
    'URL of the next page.',
  params: licenseParams,
  query: page,
  responses: { 200: { description: 'A page of users', schema: z.array(namedUser) } },
  errors: ['license_not_found'],
});

export const getNamedUser = defineRoute({
  id: 'getNamedUser',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/users/{email}',
  access,
  summary: 'One named user',
  params: userParams,
  responses: { 200: { description: 'The user', schema: namedUser } },
  errors: ['license_not_found', 'not_found'],
});

export const putNamedUser = defineRoute({
  id: 'putNamedUser',
  method: 'PUT',
  path: '/api/v1/licenses/{license_id}/users/{email}',
  access,
  summary: 'Add a named user',
  description: 'Repeating the request is safe.',
  params: userParams,
  responses: { 200: { description: 'The user is on the list', schema: namedUser } },
  errors: ['license_not_found', 'conflict', 'dependency_unavailable'],
});

export const removeNamedUser = defineRoute({
  id: 'removeNamedUser',
  method: 'DELETE',
  path: '/api/v1/licenses/{license_id}/users/{email}',
  access,
  summary: 'Remove a named user',
  description:
    'Ends the user’s session, whose next heartbeat gets 410 with the reason `user_removed`. A borrowed seat ' +
    'is not taken away: the answer is 409 `session_borrowed`, and the user stays. Repeating the request is safe.',
  params: userParams,
  responses: { 204: { description: 'The user is not on the list' } },
  errors: ['license_not_found', 'session_borrowed', 'dependency_unavailable'],
});
