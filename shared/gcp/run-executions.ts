import * as z from 'zod';
import { parseTime } from '../license-format/time.ts';
import { Fault } from '../model/errors.ts';
import type { ExecutionReader, ExecutionStatus } from '../store/jobs.ts';
import { type RetryPolicy, retrying, TRANSIENT_HTTP } from './retry.ts';
import { authorization, type RunJobSettings, runUrl } from './run-api.ts';
import { START_VARIABLE } from './run-jobs.ts';

/** Milliseconds. */
const TIMEOUT = 5_000;
/** Pages of 100 executions, newest first, in which a start is looked for. */
const MAX_PAGES = 10;

const execution = z.object({
  name: z.string().min(1),
  completionTime: z.string().optional(),
  succeededCount: z.number().default(0),
  template: z
    .object({
      containers: z
        .array(z.object({ env: z.array(z.object({ name: z.string(), value: z.string().default('') })).default([]) }))
        .default([]),
    })
    .optional(),
});
const executionList = z.object({ executions: z.array(execution).default([]), nextPageToken: z.string().optional() });
const taskList = z.object({
  tasks: z
    .array(
      z.object({
        lastAttemptResult: z.object({ exitCode: z.number().optional(), termSignal: z.number().optional() }).optional(),
      }),
    )
    .default([]),
});

/** An answer with a status that is not 2xx. */
class RunStatusError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`Cloud Run answered ${status}`);
    this.name = 'RunStatusError';
    this.status = status;
  }
}

/** Without an answer a read is repeated: fetch ends a late one with an error whose code looks like a status. */
const POLICY: RetryPolicy = {
  ...TRANSIENT_HTTP,
  retries: (error) => !(error instanceof RunStatusError) || TRANSIENT_HTTP.retries(error),
};

/**
 * Reads executions by Cloud Run's Admin API, v2; needs `run.executions.get`, `run.executions.list` and `run.tasks.list`
 * on the job.
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs.executions
 */
export function createExecutionReader(settings: RunJobSettings): ExecutionReader {
  const { job, timeout = TIMEOUT } = settings;

  async function get<S extends z.ZodType>(schema: S, path: string): Promise<z.output<S>> {
    return retrying(async () => {
      const headers = await authorization(settings);
      const response = await fetch(`${runUrl(settings)}/${path}`, { headers, signal: AbortSignal.timeout(timeout) });
      if (!response.ok) throw new RunStatusError(response.status);
      return schema.parse(await response.json());
    }, POLICY);
  }

  async function exitCodeOf(name: string): Promise<number | undefined> {
    const { tasks } = await get(taskList, `${name}/tasks?pageSize=1`);
    const { exitCode, termSignal } = tasks[0]?.lastAttemptResult ?? {};
    if (termSignal !== undefined && termSignal > 0) return 128 + termSignal;
    return exitCode;
  }

  async function status(name: string): Promise<ExecutionStatus> {
    const { completionTime, succeededCount } = await get(execution, name);
    if (completionTime === undefined) return { kind: 'running' };
    const succeeded = succeededCount > 0;
    const exitCode = succeeded ? 0 : await exitCodeOf(name);
    return { kind: 'ended', succeeded, exitCode, endedAt: parseTime(completionTime) };
  }

  async function find(startId: string): Promise<string | undefined> {
    let page = '';
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const list = await get(executionList, `${job}/executions?pageSize=100${page}`);
      const found = list.executions.find(({ template }) =>
        template?.containers.some(({ env }) =>
          env.some(({ name, value }) => name === START_VARIABLE && value === startId),
        ),
      );
      if (found !== undefined) return found.name;
      if (!list.nextPageToken) return undefined;
      page = `&pageToken=${encodeURIComponent(list.nextPageToken)}`;
    }
    return undefined;
  }

  return {
    find: (startId) => find(startId).catch(unavailable),
    status: (name) =>
      status(name).catch((error: unknown) =>
        error instanceof RunStatusError && error.status === 404 ? undefined : unavailable(error),
      ),
  };
}

function unavailable(cause: unknown): never {
  throw new Fault('dependency_unavailable', 'Cloud Run does not answer right now.', { cause });
}
