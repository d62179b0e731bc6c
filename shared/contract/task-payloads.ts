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
    'a double cannot hold exactly, are invalid: send them as strings; so are more than 100,000 members in an object and those around it. With the header `Idempotency-Key` (16 to 255 ' +
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
  summary: 'The state of a task',
  description:
    'Reads metadata only, never the payload. The state is kept for 7 days after the payload is gone, then 404; a task ' +
    'that its owner has deleted is 404 at once.',
  params,
  responses: {
    200: {
      description: 'The task',
      schema: z.object({
        task_id: taskId,
        sealed_at: time,
        size,
        key_version: keyVersion,
        state: z
          .enum(['sealed', 'started', 'succeeded', 'failed'])
          .describe(
            '`started`: Cloud Run was asked to start a job and did not reject it; `succeeded`: the payload is gone; ' +
              '`failed`: the payload is kept, and the job can be run again',
          ),
        exit_code: z
          .number()
          .int()
          .optional()
          .describe('exit status of the job, once it has ended and Cloud Run tells it; 128 + n after signal n'),
        ended_at: time.optional(),
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
  description:
    'One execution, however often and wherever it is asked for, until that one has ended. When it has failed, a request ' +
    'with a new `Idempotency-Key` starts another one; without one, or with the same, the response names the execution ' +
    'that failed. When the job certainly did not start, the response is 503 and the task is as it was. When that is ' +
    'unknown, `execution` is `unknown`, and nothing else is started until it is known.',
  params,
  responses: {
    202: { description: 'Requested from Cloud Run', schema: z.object({ task_id: taskId, execution }) },
  },
  errors: ['idempotency_conflict', 'idempotency_in_progress', 'task_ended', 'dependency_unavailable'],
});
