/** One attempt of one delivery, to be made by whoever the queue calls. */
export interface DeliveryTask {
  readonly eventId: string;
  readonly webhookId: string;
  /** Attempts that were made before: a second task for the same attempt is refused. */
  readonly attempt: number;
  /** Milliseconds since the epoch before which it is not called. Default: at once. */
  readonly notBefore?: number;
}

/** The queue that makes deliveries prompt. Nothing relies on it: what it loses, the next run of the dispatcher sends. */
export interface DeliveryTasks {
  /** Returns when the task is stored, or there already. @throws Fault `dependency_unavailable` */
  enqueue(task: DeliveryTask): Promise<void>;
}
