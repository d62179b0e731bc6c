import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { LICENSE_STATUSES } from '../model/license.ts';
import { time } from './schemas.ts';

export const createPortalSession = defineRoute({
  id: 'createPortalSession',
  method: 'POST',
  path: '/api/v1/portal-sessions',
  access: ['service:portal'],
  summary: 'A link to the portal of one licence',
  description:
    'For a customer who has no account here: link to `url` from your own account page, or show it in a frame there. The ' +
    'link works once and for 15 minutes; then the page has an hour in which it shows who holds the seats of this licence ' +
    'and its usage, and gives seats back. It sees nothing else.',
  body: z.strictObject({ license_id: z.string().min(1).max(128), role: z.literal('holder') }),
  responses: {
    201: {
      description: 'Created',
      schema: z.object({
        url: z.url().describe('a secret until it is opened; its token is in the fragment, which no server sees'),
        expires_at: time,
      }),
    },
  },
  errors: ['license_not_found', 'idempotency_conflict', 'dependency_unavailable'],
});

export const portalAccess = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_at: time,
  license: z.object({
    license_id: z.string(),
    label: z.string().nullable(),
    tier: z.string(),
    status: z.enum(LICENSE_STATUSES),
    max_seats: z.number().int(),
    expires_at: time.nullable(),
  }),
});

export const exchangePortalSession = defineRoute({
  id: 'exchangePortalSession',
  method: 'POST',
  path: '/api/v1/portal-sessions/exchange',
  access: ['anyone'],
  summary: 'The portal’s token for its single-use link',
  description: 'The portal’s page does this. A token that was used, or is older than 15 minutes, gets 401.',
  body: z.strictObject({ token: z.string().min(1).max(200) }),
  responses: {
    200: {
      description: 'A token for the header `Authorization`',
      schema: portalAccess,
    },
  },
  errors: ['unauthenticated', 'license_not_found', 'dependency_unavailable'],
});
