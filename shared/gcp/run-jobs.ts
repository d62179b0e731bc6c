import * as z from 'zod';
import { Fault } from '../model/errors.ts';
import type { JobStarter } from '../store/jobs.ts';
import type { AccessTokens } from './access-token.ts';

export interface RunJobSettings {
  /** `projects/P/locations/L/jobs/J` */
  readonly job: string;
  /** Of the account that may start it; undefined for a stand-in, whose listener is the identity. */
  readonly tokens?: Pick<AccessTokens, 'current'> | undefined;
  /** Base URL of a stand-in; undefined for the service. */
  readonly endpoint?: string | undefined;
  /** Milliseconds. */
  readonly timeout?: number;
}

const TIMEOUT = 15_000;

/** Failures of a connection that was never made: nothing has been sent. */
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
 * Starts a Cloud Run job by its Admin API, v2, with `TASK_ID` as an override, which takes the permission
 * `run.jobs.runWithOverrides`. A 4xx refuses before anything is done; a 5xx, a timeout or a lost connection may come
 * after the job has started.
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
      if (isRefusal(response.status)) throw notStarted(`Cloud Run answered ${response.status}`);
      const execution = response.ok ? executionIn(text) : undefined;
      return execution === undefined ? { kind: 'unknown' } : { kind: 'started', execution };
    },
  };
}

/** 408 says that the time was up, not that nothing was done. */
const isRefusal = (status: number) => status >= 400 && status < 500 && status !== 408;

async function authorization(tokens: RunJobSettings['tokens']): Promise<Record<string, string>> {
  if (tokens === undefined) return {};
  try {
    const token = await tokens.current();
    return { authorization: `Bearer ${token.reveal()}` };
  } catch (cause) {
    throw notStarted(cause);
  }
}

/** @throws Fault when nothing can have been sent */
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
