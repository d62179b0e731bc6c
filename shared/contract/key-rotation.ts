import * as z from 'zod';
import { defineRoute } from '../http/route.ts';

export const rotateKeys = defineRoute({
  id: 'rotateKeys',
  method: 'POST',
  path: '/internal/keys/rotate',
  access: ['scheduler'],
  summary: 'Create a new key version when one is due, and archive retired versions',
  description: 'Idempotent, also when two calls run at the same time.',
  responses: {
    200: {
      description: 'Key versions',
      schema: z.object({
        signing: z.string().nullable().describe('the version that signs now'),
        created: z.string().optional().describe('the version that this run created'),
        archived: z.array(z.string()).describe('the versions that this run archived and disabled'),
      }),
    },
  },
  errors: ['dependency_unavailable'],
});
