import * as z from 'zod';
import { Fault } from '../model/errors.ts';
import type { JobStarter } from '../store/jobs.ts';
import { authorization, type RunJobSettings, runUrl } from './run-api.ts';

/** Milliseconds. */
const TIMEOUT = 15_000;

/** The variable by which the execution of a start is found again. */
export const START_VARIABLE = 'TASK_START';

/** Errors of a connection that was never established, so that nothing was sent. */
const BEFORE_SENDING = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

/** A long-running operation whose metadata is the execution. */
const operation = z.object({ metadata: z.object({ name: z.string().min(1) }) });

/**
 * Starts a Cloud Run job by its Admin API, v2, with `TASK_ID` and `TASK_START` as overrides, which needs the permission
 * `run.jobs.runWithOverrides`. After a 4xx the job has certainly not started; after a 5xx, a timeout or a lost connection
 * it may have.
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/run
 */
export function createJobStarter(settings: RunJobSettings): JobStarter {
  const { job, timeout = TIMEOUT } = settings;
  const url = `${runUrl(settings)}/${job}:run`;
  return {
    async start(taskId, startId) {
      const headers = { 'content-type': 'application/json', ...(await authorizationOrNotStarted(settings)) };
      const env = [
        { name: 'TASK_ID', value: taskId },
        { name: START_VARIABLE, value: startId },
      ];
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify({ overrides: { containerOverrides: [{ env }] } }),
        signal: AbortSignal.timeout(timeout),
      }).catch(orUnknown);
      if (response === undefined) return { kind: 'unknown' };
      const text = await response.text().catch(() => '');
      if (isRejection(response.status)) throw notStarted(`Cloud Run answered ${response.status}`);
      const execution = response.ok ? executionIn(text) : undefined;
      return execution === undefined ? { kind: 'unknown' } : { kind: 'started', execution };
    },
  };
}

/** 408 is a timeout, after which the job may have started. */
const isRejection = (status: number) => status >= 400 && status < 500 && status !== 408;

const authorizationOrNotStarted = (settings: RunJobSettings) =>
  authorization(settings).catch((cause: unknown) => {
    throw notStarted(cause);
  });

/** @throws Fault `dependency_unavailable` when the request was certainly not sent */
function orUnknown(error: unknown): undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  if (BEFORE_SENDING.includes(String(code))) throw notStarted(error);
  return undefined;
}

const notStarted = (cause: unknown) =>
  new Fault('dependency_unavailable', 'The job could not be started.', { cause, retryAfter: 5 });

function executionIn(text: string): string | undefined {
  try {
    return operation.parse(JSON.parse(text)).metadata.name;
  } catch {
    return undefined;
  }
}
