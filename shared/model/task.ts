import { randomUUID } from 'node:crypto';

/**
 * A task id is random, so that nobody can guess the name of its object, and belongs to one attempt at sealing: a late write
 * of an abandoned attempt cannot touch another object.
 */
export const newTaskId = (): string => randomUUID();

const TASK_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const isTaskId = (text: string): boolean => TASK_ID.test(text);

/** The name of a task's object in the payload bucket. */
export const taskObject = (taskId: string): string => `encrypted-payloads/${taskId}.bin`;

/** Binds a sealed payload to its task, so that it cannot be presented as another task's. */
export const taskAssociatedData = (taskId: string): Uint8Array => Buffer.from(`countersign/task-payload/v1:${taskId}`);
