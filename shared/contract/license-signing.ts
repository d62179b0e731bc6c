import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { jsonObject } from '../model/json-text.ts';
import { signedLicense, tokenFormat } from './schemas.ts';

/** Bytes of the payload's canonical JSON. */
export const MAX_PAYLOAD_BYTES = 16 * 1024;
export const MAX_PAYLOAD_DEPTH = 8;

export const signLicense = defineRoute({
  id: 'signLicense',
  method: 'POST',
  path: '/api/v1/licenses/sign',
  access: ['service:sign', 'staff'],
  summary: 'Sign licence data of your own',
  description:
    'Signs the canonical JSON of the payload with `signed_at`, `key_version` and `signature_algorithm` added. Values ' +
    'are strings, booleans, null, integers within 2^53-1, arrays and objects; at most 8 levels deep and 16 KiB long. ' +
    '`expires_at` and `valid_until` are RFC 3339 times not later than the end of the publication of the key, or left out. Each signature leaves ' +
    'an audit record: who asked, `payload_sha256` (of the canonical JSON of the payload), and the `tenant_id` and ' +
    '`license_id` that the payload names.',
  body: z.strictObject({ payload: jsonObject(), token_format: tokenFormat }),
  responses: {
    200: {
      description: 'The signed licence, in the requested format',
      schema: z.object({
        license_data: signedLicense.optional(),
        license_token: z.string().optional(),
        license_file: z.string().optional(),
      }),
    },
  },
  errors: ['signing_unavailable'],
});
