import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { time } from './schemas.ts';

export const health = z.object({
  checked_at: time,
  reaper: z
    .object({
      ran_at: time,
      ended: z.number().int(),
      remaining: z.number().int().describe('expired sessions that the run had no time for'),
      late: z.boolean().describe('no run for five minutes; one is due each minute'),
    })
    .nullable()
    .describe('null: no run yet'),
  key_list: z
    .object({
      sequence: z.number().int(),
      issued_at: time.describe('by the latest run of the key rotation that signed one, once a day'),
      expires_at: time,
      late: z.boolean().describe('no list for 26 hours; one is due each day'),
    })
    .nullable()
    .describe('null: no list yet'),
  signatures: z
    .object({
      per_minute: z.number().int(),
      window_seconds: z.number().int(),
      available: z.number().int().describe('signatures of the running window'),
      taken: z.number().int().describe('of these, what the instances have taken so far'),
    })
    .nullable()
    .describe('KMS’s budget; null where it has no limit'),
  cloud_project: z
    .string()
    .nullable()
    .describe('the Google Cloud project whose Cloud Logging and Monitoring have the rest; null: a local suite'),
});

export const getHealth = defineRoute({
  id: 'getHealth',
  method: 'GET',
  path: '/api/v1/health',
  access: ['staff'],
  summary: 'What the suite knows of itself',
  description:
    'The latest runs of what the scheduler calls, the key list’s age, and how much of KMS’s quota is taken. Latencies and ' +
    'error rates are in Cloud Monitoring. `GET /health` on every function says that it answers.',
  responses: {
    200: {
      description: 'As of now',
      schema: health,
    },
  },
  errors: ['dependency_unavailable'],
});
