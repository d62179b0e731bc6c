/** What became of asking for a job: it runs under this name, or nobody knows. */
export type JobStart = { readonly kind: 'started'; readonly execution: string } | { readonly kind: 'unknown' };

export interface JobStarter {
  /**
   * Asks once: RunJob is not idempotent, and a second request after a lost answer would be a second job.
   * @throws Fault `dependency_unavailable`: it certainly has not started
   */
  start(taskId: string): Promise<JobStart>;
}
