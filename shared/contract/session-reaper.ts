import * as z from 'zod';
import { defineRoute } from '../http/route.ts';

export const reapSessions = defineRoute({
  id: 'reapSessions',
  method: 'POST',
  path: '/internal/sessions/reap',
  access: ['scheduler'],
  summary: 'End expired sessions',
  description: 'Idempotent, also when two calls run at the same time. It stops before the deadline of the scheduler.',
  responses: {
    200: {
      description: 'The counts of this run',
      schema: z.object({
        ended: z.number().int().describe('sessions ended by this run'),
        scanned: z.number().int().describe('expired sessions found'),
        remaining: z.number().int().describe('expired sessions left for the next run'),
        settled: z.number().int().describe('licences whose interrupted change of seats it finished'),
        tickets: z.number().int().describe('machines taken out of a queue because they had stopped asking'),
      }),
    },
  },
  errors: ['dependency_unavailable'],
});
