/** The result of a request to start a job; `unknown` when it may or may not have started. */
export type JobStart = { readonly kind: 'started'; readonly execution: string } | { readonly kind: 'unknown' };

export interface JobStarter {
  /**
   * Requests the start once: RunJob is not idempotent, so a retry after a lost response would start a second job.
   * @param startId names this start, so that its execution can be found when the response is lost
   * @throws Fault `dependency_unavailable` when the job has certainly not started
   */
  start(taskId: string, startId: string): Promise<JobStart>;
}

/** How far an execution is. `exitCode` and `endedAt` (milliseconds) are undefined where the platform does not say. */
export type ExecutionStatus =
  | { readonly kind: 'running' }
  | {
      readonly kind: 'ended';
      readonly succeeded: boolean;
      readonly exitCode: number | undefined;
      readonly endedAt: number | undefined;
    };

export interface ExecutionReader {
  /**
   * Searches the newest executions.
   * @returns the resource name of the execution of this start
   * @throws Fault `dependency_unavailable`
   */
  find(startId: string): Promise<string | undefined>;
  /**
   * @param execution resource name
   * @returns undefined when the platform no longer knows the execution
   * @throws Fault `dependency_unavailable`
   */
  status(execution: string): Promise<ExecutionStatus | undefined>;
}
