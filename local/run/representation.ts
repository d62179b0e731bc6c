import type { Execution } from './executions.ts';

/** An execution as Cloud Run's Admin API describes it. */
export function executionResource({ name, env, createdAt, ended }: Execution): object {
  const succeeded = ended !== undefined && ended.exitCode === 0 && ended.signal === 0;
  return {
    name,
    createTime: new Date(createdAt).toISOString(),
    startTime: new Date(createdAt).toISOString(),
    ...(ended === undefined ? {} : { completionTime: new Date(ended.at).toISOString() }),
    taskCount: 1,
    template: { containers: [{ env: Object.entries(env).map(([key, value]) => ({ name: key, value })) }] },
    runningCount: ended === undefined ? 1 : 0,
    succeededCount: succeeded ? 1 : 0,
    failedCount: ended !== undefined && !succeeded ? 1 : 0,
  };
}

/** Its one task, whose result says how the process ended; the API leaves out what is 0. */
export function taskResource({ name, ended }: Execution): object {
  const { exitCode = 0, signal = 0 } = ended ?? {};
  const result = { ...(exitCode === 0 ? {} : { exitCode }), ...(signal === 0 ? {} : { termSignal: signal }) };
  return {
    name: `${name}/tasks/${name.slice(name.lastIndexOf('/') + 1)}-task0`,
    ...(ended === undefined
      ? {}
      : { completionTime: new Date(ended.at).toISOString(), lastAttemptResult: { status: {}, ...result } }),
  };
}
