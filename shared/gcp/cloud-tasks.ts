import { CloudTasksClient } from '@google-cloud/tasks';
import { Fault } from '../model/errors.ts';
import type { DeliveryTasks } from '../webhooks/delivery-tasks.ts';
import { leanGax } from './gax.ts';
import { endpointOptions, sendOnce, status, statusOf } from './grpc.ts';

export interface CloudTasksSettings {
  /** `projects/P/locations/L/queues/Q` */
  readonly queue: string;
  /** host:port of a plaintext stand-in; undefined for the service. */
  readonly endpoint?: string | undefined;
  /** Milliseconds that a call may take. It is sent once. */
  readonly timeout: number;
}

/**
 * The queue replaces the host and adds the token of its own account (terraform/modules/queue), so that whoever makes a
 * task needs neither the address of the function nor a right to act as that account.
 */
const URL = 'https://webhook-delivery.invalid/internal/webhooks/deliver';

/**
 * Makes tasks with Cloud Tasks. A task's name says which attempt of which delivery it is: the service refuses a second one,
 * also for about an hour after the first has been executed.
 */
export function createDeliveryTasks({ queue, endpoint, timeout }: CloudTasksSettings) {
  const client = new CloudTasksClient(endpointOptions(endpoint), leanGax);
  const tasks: DeliveryTasks = {
    async enqueue({ eventId, webhookId, attempt, notBefore }) {
      const body = Buffer.from(JSON.stringify({ event_id: eventId, webhook_id: webhookId }));
      const task = {
        name: `${queue}/tasks/${eventId}-${webhookId}-${attempt}`,
        httpRequest: { httpMethod: 'POST' as const, url: URL, headers: { 'content-type': 'application/json' }, body },
        ...(notBefore === undefined ? {} : { scheduleTime: timestamp(notBefore) }),
      };
      try {
        await client.createTask({ parent: queue, task }, sendOnce(timeout));
      } catch (cause) {
        if (statusOf(cause) === status.ALREADY_EXISTS) return;
        throw new Fault('dependency_unavailable', 'The task could not be made.', { cause });
      }
    },
  };
  return { ...tasks, close: () => client.close() };
}

const timestamp = (milliseconds: number) => ({
  seconds: Math.floor(milliseconds / 1000),
  nanos: (milliseconds % 1000) * 1_000_000,
});
