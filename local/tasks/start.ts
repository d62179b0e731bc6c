import * as z from 'zod';
import type { Caller } from '#local/caller.ts';
import { type Method, method } from '#local/grpc/method.ts';
import { loadService } from '#local/grpc/protos.ts';
import { type GrpcListeners, startGrpc } from '#local/grpc/server.ts';
import { GrpcError, invalidArgument, notFound, permissionDenied } from '#local/grpc/status.ts';
import type { Recorder } from '#local/recorder.ts';
import type { Clock } from '#shared/model/clock.ts';
import { createQueue, type Queue, type Task } from './queue.ts';

export interface TasksOptions {
  /** One listener each. */
  readonly callers: readonly Caller[];
  readonly clock: Clock;
  /** Calls are counted as `tasks.CreateTask` and so on, executions as `tasks.execute`. */
  readonly recorder: Recorder;
  /** `projects/P/locations/L/queues/Q` */
  readonly queue: string;
  /** Where the queue sends every task, whatever host its URL names: its `uri_override`. */
  readonly target: () => string;
  /** The token of the queue's own account. */
  readonly token: () => Promise<string>;
}

export interface LocalTasks extends GrpcListeners {
  readonly queue: Queue;
}

/** Google's limits: bytes of a task's body, and how far ahead it may be scheduled. */
const MAX_BODY = 100 * 1024;
const MAX_AHEAD = 30 * 86_400_000;
/** Milliseconds that the target has, as the queue's tasks say by default for HTTP: ten minutes; here less. */
const DEADLINE = 60_000;

const timestamp = z.object({ seconds: z.coerce.number(), nanos: z.number() });

const createRequest = z.object({
  parent: z.string(),
  task: z.object({
    name: z.string(),
    httpRequest: z.object({
      url: z.string(),
      httpMethod: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.instanceof(Buffer),
    }),
    scheduleTime: timestamp.nullable(),
  }),
});
const nameRequest = z.object({ name: z.string() });
const listRequest = z.object({ parent: z.string() });

/** Cloud Tasks on loopback, with one queue of HTTP tasks on the suite's clock. */
export async function startTasks(options: TasksOptions): Promise<LocalTasks> {
  const { callers, clock, recorder, queue: name, target, token } = options;

  async function execute({ url, method, headers, body }: Task): Promise<boolean> {
    const fault = await recorder.enter('tasks', 'execute');
    if (fault !== undefined && !fault.lost) return false;
    const { pathname, search } = new URL(url);
    const response = await fetch(`${target()}${pathname}${search}`, {
      method,
      headers: { ...headers, authorization: `Bearer ${await token()}` },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(DEADLINE),
    });
    await response.arrayBuffer();
    return response.ok && fault === undefined;
  }

  const queue = createQueue({ clock, execute });
  const listeners = await startGrpc({
    name: 'tasks',
    definition: await loadService('@google-cloud/tasks/build/protos', 'google.cloud.tasks.v2.CloudTasks'),
    methods: methodsOf(name, queue, clock),
    callers,
    recorder,
  });
  return {
    ...listeners,
    queue,
    async close() {
      await queue.close();
      await listeners.close();
    },
  };
}

function methodsOf(name: string, queue: Queue, clock: Clock): Record<string, Method> {
  /** @throws GrpcError as Google: without the right nobody learns what there is */
  const require = (caller: Caller, permission: string, of: string): void => {
    if (!caller.may(permission, of)) throw permissionDenied(permission, of);
    if (of !== name) throw notFound(`Queue ${of} does not exist.`);
  };
  const queueOf = (task: string): string => task.slice(0, task.indexOf('/tasks/'));
  const describeQueue = () => ({ name, state: queue.paused ? 'PAUSED' : 'RUNNING' });

  return {
    CreateTask: method(createRequest, ({ parent, task }, caller) => {
      require(caller, 'cloudtasks.tasks.create', parent);
      const { httpRequest, scheduleTime } = task;
      const now = clock.now();
      const scheduledAt = scheduleTime === null ? now : scheduleTime.seconds * 1000 + scheduleTime.nanos / 1e6;
      if (!new RegExp(`^${name}/tasks/[A-Za-z0-9_-]{1,500}$`).test(task.name)) {
        throw invalidArgument(`Task name must be formatted: "${name}/tasks/<TASK_ID>"`);
      }
      if (httpRequest.body.length > MAX_BODY) throw invalidArgument('Task size too large.');
      if (scheduledAt > now + MAX_AHEAD) throw invalidArgument('scheduleTime is too far in the future.');
      const { url, httpMethod, headers, body } = httpRequest;
      const added = queue.add({
        ...{ name: task.name, url, method: httpMethod, headers, body },
        createdAt: now,
        scheduledAt,
        dispatches: 0,
      });
      if (!added) throw new GrpcError('ALREADY_EXISTS', 'Requested entity already exists');
      return describe({ name: task.name, scheduledAt, createdAt: now, dispatches: 0 });
    }),

    ListTasks: method(listRequest, ({ parent }, caller) => {
      require(caller, 'cloudtasks.tasks.list', parent);
      return { tasks: [...queue.tasks.values()].map(describe) };
    }),

    DeleteTask: method(nameRequest, (request, caller) => {
      require(caller, 'cloudtasks.tasks.delete', queueOf(request.name));
      if (!queue.remove(request.name)) throw notFound('Requested entity was not found.');
      return {};
    }),

    GetQueue: method(nameRequest, (request, caller) => {
      require(caller, 'cloudtasks.queues.get', request.name);
      return describeQueue();
    }),

    PauseQueue: method(nameRequest, (request, caller) => {
      require(caller, 'cloudtasks.queues.pause', request.name);
      queue.pause();
      return describeQueue();
    }),

    ResumeQueue: method(nameRequest, (request, caller) => {
      require(caller, 'cloudtasks.queues.resume', request.name);
      queue.resume();
      return describeQueue();
    }),
  };
}

const describe = ({
  name,
  scheduledAt,
  createdAt,
  dispatches,
}: Pick<Task, 'name' | 'scheduledAt' | 'createdAt' | 'dispatches'>) => ({
  name,
  scheduleTime: toTimestamp(scheduledAt),
  createTime: toTimestamp(createdAt),
  dispatchCount: dispatches,
});

const toTimestamp = (milliseconds: number) => ({
  seconds: Math.floor(milliseconds / 1000),
  nanos: (milliseconds % 1000) * 1e6,
});
