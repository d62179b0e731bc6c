import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { isTaskId } from '../model/task.ts';
import { time } from './schemas.ts';

/** Bytes of the whole body. */
const MAX_TASK_BODY_BYTES = 10 * 1024 * 1024;

const taskId = z.string().refine(isTaskId);
const params = z.object({ task_id: taskId });
const keyVersion = z.string().describe('resource name of the key version that wrapped the payload’s key');
const size = z.number().int().describe('bytes of the sealed object');
const execution = z
  .string()
  .describe('the execution’s resource name, or `unknown`: the start was asked for and its answer lost');

export const createTask = defineRoute({
  id: 'createTask',
  method: 'POST',
  path: '/api/v1/tasks',
  access: ['service'],
  summary: 'Seal the payload of a task, and start its job if asked to',
  description:
    'The payload is encrypted before it is stored and can be opened by the worker alone. Numbers that no double holds ' +
    'exactly, which are those beyond ±(2^53 - 1), are refused: send them as strings. With the header ' +
    '`Idempotency-Key` (1 to 255 visible ASCII characters; a random UUID is best) the same request gets the same answer ' +
    'for 24 hours; another body under the same key is refused with `idempotency_key_reused`, and one that is still ' +
    'under way with `conflict`. A job that certainly did not start leaves nothing behind and is a 503. When that is ' +
    'unknown the payload stays and `execution` is `unknown`.',
  body: z.strictObject({ payload: z.record(z.string(), z.unknown()), run: z.boolean().default(false) }),
  bodyLimit: MAX_TASK_BODY_BYTES,
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
  errors: ['conflict', 'idempotency_key_reused', 'dependency_unavailable'],
});

export const getTask = defineRoute({
  id: 'getTask',
  method: 'GET',
  path: '/api/v1/tasks/{task_id}',
  access: ['service'],
  summary: 'Whether a payload still rests, from metadata alone',
  description: '404 once the worker is done with it.',
  params,
  responses: {
    200: {
      description: 'It does',
      schema: z.object({
        task_id: taskId,
        sealed_at: time,
        size,
        key_version: keyVersion,
        state: z.enum(['sealed', 'started']).describe('`started`: a job was asked for and not refused'),
      }),
    },
  },
  errors: ['dependency_unavailable'],
});

export const deleteTask = defineRoute({
  id: 'deleteTask',
  method: 'DELETE',
  path: '/api/v1/tasks/{task_id}',
  access: ['service'],
  summary: 'Shred a payload',
  description: 'Repeatable, also after the worker has done it. A job that is reading it at this moment goes on.',
  params,
  responses: { 204: { description: 'Gone' } },
  errors: ['dependency_unavailable'],
});

export const runTask = defineRoute({
  id: 'runTask',
  method: 'POST',
  path: '/api/v1/tasks/{task_id}/run',
  access: ['service'],
  summary: 'Start the job of a payload that rests',
  description: 'For tasks that were sealed without `run`, and for another try after one that failed.',
  params,
  responses: {
    202: { description: 'Asked for', schema: z.object({ task_id: taskId, execution }) },
  },
  errors: ['dependency_unavailable'],
});
