import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { VENDOR } from '../model/principal.ts';
import { anyTime } from './license-terms.ts';
import { page, time } from './schemas.ts';

export const denial = z.object({
  hour: time.describe('the beginning of the hour (UTC) in which it was refused'),
  last_at: time.describe('the latest refusal in this hour'),
  count: z.number().int().describe('how often in this hour; repetitions are added within a minute'),
  reason: z.string().describe('`no_seats`: it found no free seat; otherwise the code of the refusal'),
  machine: z.string().describe('the first eight characters of a hash of licence and hardware id, as sessions have it'),
  user_email: z
    .string()
    .nullable()
    .describe('what the program said; where seats are leased per user, the proven address'),
  hostname: z.string().nullable(),
  platform: z.string().nullable(),
  client_version: z.string().nullable(),
});

export const listDenials = defineRoute({
  id: 'listDenials',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/denials',
  access: [...VENDOR, 'owner', 'admin', 'member'],
  summary: 'Who was refused a seat',
  description:
    'A machine has an entry for each hour and reason; the newest hour comes first, in pages (`Link` header, ' +
    '`rel="next"`). Written beside the usage within a second or two, and kept for 30 days. Each instance names at most ' +
    '50 machines an hour and licence; those beyond are in the numbers of the usage alone. A request with a key that ' +
    'names no licence is not here: anybody can send one.',
  params: z.object({ license_id: z.string() }),
  query: page.extend({
    since: anyTime.optional().describe('only who was refused from this time on'),
    before: anyTime.optional().describe('only hours that begin before this time'),
  }),
  responses: { 200: { description: 'A page of refusals', schema: z.array(denial) } },
  errors: ['license_not_found'],
});
