import * as z from 'zod';
import { defineRoute } from '../http/route.ts';

export const reapSessions = defineRoute({
  id: 'reapSessions',
  method: 'POST',
  path: '/internal/sessions/reap',
  access: ['scheduler'],
  summary: 'End the sessions whose lease is over',
  description: 'Safe to run twice, or twice at once. It stops in time for the deadline of its caller.',
  responses: {
    200: {
      description: 'What was done',
      schema: z.object({
        ended: z.number().int().describe('sessions that this run ended'),
        scanned: z.number().int().describe('expired sessions that it found'),
        remaining: z.number().int().describe('expired sessions that it had no time for'),
        settled: z.number().int().describe('licences whose interrupted change of seats it finished'),
      }),
    },
  },
  errors: ['dependency_unavailable'],
});
