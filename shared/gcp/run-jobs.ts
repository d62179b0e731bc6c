import * as z from 'zod';
import { Fault } from '../model/errors.ts';
import type { JobStarter } from '../store/jobs.ts';
import type { AccessTokens } from './access-token.ts';

export interface RunJobSettings {
  /** `projects/P/locations/L/jobs/J` */
  readonly job: string;
  /** Tokens of the account that may start the job; undefined for a stand-in, which has a listener for each account. */
  readonly tokens?: Pick<AccessTokens, 'current'> | undefined;
  /** Base URL of a stand-in; undefined for the service. */
  readonly endpoint?: string | undefined;
  /** Milliseconds. */
  readonly timeout?: number;
}

const TIMEOUT = 15_000;

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
 * Starts a Cloud Run job by its Admin API, v2, with `TASK_ID` as an override, which needs the permission
 * `run.jobs.runWithOverrides`. After a 4xx the job has certainly not started; after a 5xx, a timeout or a lost connection
 * it may have.
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/run
 */
export function createJobStarter(settings: RunJobSettings): JobStarter {
  const { job, tokens, endpoint = 'https://run.googleapis.com', timeout = TIMEOUT } = settings;
  const url = `${endpoint}/v2/${job}:run`;
  return {
    async start(taskId) {
      const headers = { 'content-type': 'application/json', ...(await authorization(tokens)) };
      const overrides = { containerOverrides: [{ env: [{ name: 'TASK_ID', value: taskId }] }] };
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify({ overrides }),
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

async function authorization(tokens: RunJobSettings['tokens']): Promise<Record<string, string>> {
  if (tokens === undefined) return {};
  try {
    const token = await tokens.current();
    return { authorization: `Bearer ${token.reveal()}` };
  } catch (cause) {
    throw notStarted(cause);
  }
}

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
