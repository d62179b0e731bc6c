/** The result of a request to start a job; `unknown` when it may or may not have started. */
export type JobStart = { readonly kind: 'started'; readonly execution: string } | { readonly kind: 'unknown' };

export interface JobStarter {
  /**
   * Requests the start once: RunJob is not idempotent, so a retry after a lost response would start a second job.
   * @throws Fault `dependency_unavailable` when the job has certainly not started
   */
  start(taskId: string): Promise<JobStart>;
}
