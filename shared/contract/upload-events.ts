import * as z from 'zod';
import { defineRoute } from '../http/route.ts';

/** What Pub/Sub wraps a notification in; its further members do not matter. */
const pushedNotification = z.looseObject({
  message: z.looseObject({
    attributes: z.record(z.string(), z.string()).default({}).describe('`eventType`, `bucketId`, `objectId` and others'),
    data: z
      .string()
      .max(256 * 1024)
      .default('')
      .describe('base64 of the object’s resource, as JSON'),
  }),
});

export type PushedNotification = z.output<typeof pushedNotification>;

export const uploadCompleted = defineRoute({
  id: 'uploadCompleted',
  method: 'POST',
  path: '/internal/uploads/completed',
  access: ['scheduler'],
  summary: 'An upload was completed',
  description:
    'For Pub/Sub, which pushes the notifications of the upload bucket with a token of its own account. Makes the event ' +
    '`upload.completed`, once for each generation of an object, for what was uploaded with a signed URL.',
  body: pushedNotification,
  bodyLimit: 512 * 1024,
  responses: {
    200: {
      description: 'Taken: Pub/Sub need not push it again',
      schema: z.object({
        outcome: z
          .enum(['recorded', 'duplicate', 'ignored'])
          .describe('`ignored`: no upload by a signed URL of this suite'),
      }),
    },
  },
  errors: ['dependency_unavailable'],
});
