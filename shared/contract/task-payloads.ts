import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { isTaskId } from '../model/task.ts';
import { verbatimObject } from '../model/verbatim-json.ts';
import { time } from './schemas.ts';

/** Bytes of the whole body. */
const MAX_TASK_BODY_BYTES = 10 * 1024 * 1024;

const taskId = z.string().refine(isTaskId);
const params = z.object({ task_id: taskId });
const keyVersion = z.string().describe('resource name of the key version that wrapped the payload’s key');
const size = z.number().int().describe('bytes of the sealed object');
const execution = z
  .string()
  .describe('the resource name of the execution, or `unknown` when the response of Cloud Run was lost');

export const createTask = defineRoute({
  id: 'createTask',
  method: 'POST',
  path: '/api/v1/tasks',
  access: ['service:tasks'],
  summary: 'Seal the payload of a task, and optionally start its job',
  description:
    'The payload is encrypted before it is stored, as it was sent, and only the worker can decrypt it. Numbers beyond ±(2^53 - 1), which ' +
    'a double cannot hold exactly, are invalid: send them as strings. With the header `Idempotency-Key` (16 to 255 ' +
    'visible ASCII characters; a random UUID is best) a repeated request gets the same response for 24 hours; another ' +
    'body with the same key gets `idempotency_conflict`, and a repeat of a request still in progress gets `idempotency_in_progress`. ' +
    'When the job certainly did not start, the response is 503 and nothing is left behind. When that is unknown, the ' +
    'payload stays and `execution` is `unknown`.',
  body: z.strictObject({ payload: verbatimObject(), run: z.boolean().default(false) }),
  bodyLimit: MAX_TASK_BODY_BYTES,
  verbatim: 'payload',
  responses: {
    201: {
      description: 'Sealed',
      schema: z.object({
        task_id: taskId,
        object: z.string().describe('its name in the payload bucket'),
        key_version: keyVersion,
        size,
        sealed_at: time,
        execution: execution.optional(),
      }),
    },
  },
  errors: ['conflict', 'idempotency_conflict', 'idempotency_in_progress', 'dependency_unavailable'],
});

export const getTask = defineRoute({
  id: 'getTask',
  method: 'GET',
  path: '/api/v1/tasks/{task_id}',
  access: ['service:tasks'],
  summary: 'The state of a stored payload',
  description: 'Reads metadata only. 404 once the worker has deleted the payload.',
  params,
  responses: {
    200: {
      description: 'The payload is stored',
      schema: z.object({
        task_id: taskId,
        sealed_at: time,
        size,
        key_version: keyVersion,
        state: z
          .enum(['sealed', 'started'])
          .describe('`started`: Cloud Run was asked to start a job and did not reject it'),
      }),
    },
  },
  errors: ['dependency_unavailable'],
});

export const deleteTask = defineRoute({
  id: 'deleteTask',
  method: 'DELETE',
  path: '/api/v1/tasks/{task_id}',
  access: ['service:tasks'],
  summary: 'Delete a payload',
  description: 'Idempotent, also after the worker has deleted it. A job that has already read the payload continues.',
  params,
  responses: { 204: { description: 'Deleted' } },
  errors: ['dependency_unavailable'],
});

export const runTask = defineRoute({
  id: 'runTask',
  method: 'POST',
  path: '/api/v1/tasks/{task_id}/run',
  access: ['service:tasks'],
  summary: 'Start the job of a stored payload',
  description: 'For tasks that were sealed without `run`, and to retry a failed job.',
  params,
  responses: {
    202: { description: 'Requested from Cloud Run', schema: z.object({ task_id: taskId, execution }) },
  },
  errors: ['dependency_unavailable'],
});
