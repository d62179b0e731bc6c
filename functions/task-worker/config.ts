import * as z from 'zod';
import { commonConfig } from '#shared/model/config.ts';
import { payloadConfig } from '#shared/model/payload-config.ts';
import { isTaskId } from '#shared/model/task.ts';

/** The settings that opening a payload needs. */
export const openingConfig = z.object({
  ...commonConfig.pick({ PROJECT_ID: true }).shape,
  ...payloadConfig.shape,
});

const command = z
  .string({ error: 'is not set: name the program of your image and its arguments, as a JSON array' })
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('must be a JSON array of strings');
      return z.NEVER;
    }
  })
  .pipe(z.tuple([z.string().min(1)], z.string()));

/** The settings of the Cloud Run job. */
export const workerConfig = z.object({
  ...openingConfig.shape,
  TASK_ID: z.string().refine(isTaskId, 'must be a task id').describe('which task; set for each execution'),
  TASK_START: z.string().optional().describe('which start of the task; set for each execution'),
  WORKER_COMMAND: command.describe('program and arguments as a JSON array; it gets the payload on standard input'),
  WORKER_DEADLINE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(604_800)
    .default(3_300)
    .describe('after which the command is ended; below the job’s own timeout, so that its end is ours to report'),
});

/** Variables of the worker that the command does not get. */
const OWN = new Set([...Object.keys(workerConfig.shape), 'NODE_OPTIONS', 'NODE_COMPILE_CACHE']);

/** The environment of the command: the job's variables without the worker's settings, and TASK_ID. */
export function environmentForCommand(env: NodeJS.ProcessEnv, taskId: string): NodeJS.ProcessEnv {
  const rest = Object.entries(env).filter(([name]) => !OWN.has(name));
  return { ...Object.fromEntries(rest), TASK_ID: taskId };
}
