import * as z from 'zod';
import { defineRoute } from '../http/route.ts';

export const rotateKeys = defineRoute({
  id: 'rotateKeys',
  method: 'POST',
  path: '/internal/keys/rotate',
  access: ['scheduler'],
  summary: 'Make a new key version when it is time, and archive those that have retired',
  description: 'Safe to run twice, or twice at once.',
  responses: {
    200: {
      description: 'Key versions',
      schema: z.object({
        signing: z.string().nullable().describe('the version that signs now'),
        created: z.string().optional().describe('the version that this run made'),
        archived: z.array(z.string()).describe('the versions that this run archived and disabled'),
      }),
    },
  },
  errors: ['dependency_unavailable'],
});
