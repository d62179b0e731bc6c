import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { Caller } from '#local/caller.ts';
import { disconnect, disconnectMidway, isDisconnect } from '#local/http-faults.ts';
import { listen, shut } from '#local/listen.ts';
import type { Recorder } from '#local/recorder.ts';
import type { LogSink } from '#shared/logging/cloud-logging.ts';
import type { Clock } from '#shared/model/clock.ts';
import { createExecutions, type Execution } from './executions.ts';
import { executionResource, taskResource } from './representation.ts';
import { errorBody, injectedError, RunError } from './run-error.ts';

/** A job as it has been deployed. */
export interface Job {
  readonly command: readonly [program: string, ...args: string[]];
  /** The complete environment; nothing of this process is added. */
  readonly env: Readonly<Record<string, string>>;
}

export interface RunOptions {
  /** The job of this name, if one is deployed. */
  readonly findJob: (name: string) => Job | undefined;
  /** One listener each. */
  readonly callers: readonly Caller[];
  readonly clock: Clock;
  /** Calls are counted and faults injected as `run.RunJob`, `run.GetExecution`, `run.ListExecutions` and `run.ListTasks`. */
  readonly recorder: Recorder;
  /** What the jobs write, line by line. */
  readonly log: LogSink;
}

export interface LocalRun {
  /** Of the Admin API for one account. @throws Error for an account that is not among the callers */
  baseUrl(email: string): string;
  /** Ends running executions and closes the listeners. */
  close(): Promise<void>;
}

const RUN = /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/:]+):run$/;
const EXECUTION = /^\/v2\/((projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/]+)\/executions\/[^/]+)$/;
const EXECUTIONS = /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/]+)\/executions$/;
const TASKS = /^\/v2\/((projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/]+)\/executions\/[^/]+)\/tasks$/;
const PAGE_SIZE = 100;

const override = z.strictObject({
  env: z.array(z.strictObject({ name: z.string().min(1), value: z.string() })).default([]),
});
const runRequest = z.strictObject({
  overrides: z.strictObject({ containerOverrides: z.array(override).max(1).default([]) }).optional(),
});

/**
 * Cloud Run's Admin API, v2, as far as starting jobs goes: RunJob with overrides of the environment, and reading
 * executions and their tasks. A job is one task without retries, started as a process of this machine.
 */
export async function startRun({ findJob, callers, clock, recorder, log }: RunOptions): Promise<LocalRun> {
  const executions = createExecutions(log, clock);
  const servers = new Map<string, { server: Server; port: number }>();

  async function run(caller: Caller, name: string, body: string): Promise<object> {
    const { overrides } = parse(runRequest, body);
    const given = overrides?.containerOverrides[0]?.env ?? [];
    authorize(caller, given.length > 0 ? 'run.jobs.runWithOverrides' : 'run.jobs.run', name);
    const job = findJob(name);
    if (job === undefined) throw new RunError('NOT_FOUND', `Resource '${name}' was not found.`);
    const execution = `${name}/executions/${name.slice(name.lastIndexOf('/') + 1)}-${randomBytes(3).toString('hex')}`;
    const env = { ...job.env, ...Object.fromEntries(given.map((variable) => [variable.name, variable.value])) };
    executions.start(execution, job.command, env);
    const location = name.slice(0, name.indexOf('/jobs/'));
    return {
      name: `${location}/operations/${randomBytes(8).toString('hex')}`,
      metadata: {
        '@type': 'type.googleapis.com/google.cloud.run.v2.Execution',
        ...executionResource(existing(execution)),
      },
    };
  }

  function existing(name: string): Execution {
    const execution = executions.find(name);
    if (execution === undefined) throw new RunError('NOT_FOUND', `Resource '${name}' was not found.`);
    return execution;
  }

  function list(job: string, query: URLSearchParams): object {
    const from = Number(query.get('pageToken') ?? 0);
    const size = Math.min(Number(query.get('pageSize') ?? PAGE_SIZE), PAGE_SIZE);
    const all = executions.of(job);
    const more = from + size < all.length ? { nextPageToken: String(from + size) } : {};
    return { executions: all.slice(from, from + size).map(executionResource), ...more };
  }

  async function answer(caller: Caller, request: IncomingMessage): Promise<object> {
    const { method, url = '' } = request;
    const [path = '', query] = url.split('?');
    const matched = (verb: string, form: RegExp) => (method === verb ? form.exec(path)?.slice(1) : undefined);
    const read = (permission: string, job: string | undefined, act: () => object) => async () => {
      authorize(caller, permission, job ?? '');
      return act();
    };

    const [started] = matched('POST', RUN) ?? [];
    if (started !== undefined) {
      const body = await text(request); // first, since a late call takes effect after its client has given up
      return recorded('RunJob', () => run(caller, started, body));
    }
    const [name, job] = matched('GET', EXECUTION) ?? [];
    if (name !== undefined)
      return recorded(
        'GetExecution',
        read('run.executions.get', job, () => executionResource(existing(name))),
      );
    const [listed] = matched('GET', EXECUTIONS) ?? [];
    if (listed !== undefined) {
      const parameters = new URLSearchParams(query);
      return recorded(
        'ListExecutions',
        read('run.executions.list', listed, () => list(listed, parameters)),
      );
    }
    const [of, its] = matched('GET', TASKS) ?? [];
    if (of !== undefined)
      return recorded(
        'ListTasks',
        read('run.tasks.list', its, () => ({ tasks: [taskResource(existing(of))] })),
      );
    throw new RunError('NOT_FOUND', 'Not Found');
  }

  async function recorded(method: string, act: () => Promise<object>): Promise<object> {
    const fault = await recorder.enter('run', method);
    if (fault === undefined) return act();
    const answer = fault.lost ? await act() : undefined;
    throw isDisconnect(fault.code) ? new Disconnect(answer) : injectedError(fault.code);
  }

  for (const caller of callers) {
    const server = createServer((request, response) => {
      answer(caller, request).then(
        (body) => send(response, 200, body),
        (error: unknown) => {
          request.resume();
          if (error instanceof Disconnect) return breakOff(response, error.answer);
          const failure = error instanceof RunError ? error : new RunError('INTERNAL', String(error));
          send(response, failure.status, errorBody(failure));
        },
      );
    });
    servers.set(caller.email, { server, port: await listen(server) });
  }

  return {
    baseUrl(email) {
      const found = servers.get(email);
      if (found === undefined) throw new Error(`no listener for ${email}`);
      return `http://127.0.0.1:${found.port}`;
    },
    async close() {
      await Promise.all([...servers.values()].map(({ server }) => shut(server)));
      await executions.close();
    },
  };
}

function authorize(caller: Caller, permission: string, job: string): void {
  if (caller.may(permission, job)) return;
  throw new RunError(
    'PERMISSION_DENIED',
    `Permission '${permission}' denied on resource '${job}' (or resource may not exist).`,
  );
}

function parse<S extends z.ZodType>(schema: S, body: string): z.output<S> {
  try {
    return schema.parse(body === '' ? {} : JSON.parse(body));
  } catch {
    throw new RunError('INVALID_ARGUMENT', 'Invalid JSON payload received.');
  }
}

/** An injected fault that ends the connection, in the middle of the answer if there is one. */
class Disconnect extends Error {
  readonly answer: object | undefined;

  constructor(answer: object | undefined) {
    super('injected fault: DISCONNECT');
    this.answer = answer;
  }
}

function breakOff(response: ServerResponse, answer: object | undefined): void {
  if (answer === undefined) disconnect(response);
  else disconnectMidway(response, { status: 200, headers: JSON_TYPE, body: JSON.stringify(answer) });
}

const JSON_TYPE = { 'content-type': 'application/json; charset=UTF-8' };

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, JSON_TYPE);
  response.end(JSON.stringify(body));
}
