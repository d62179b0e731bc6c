import { randomUUID } from 'node:crypto';

/**
 * A task's id is random, so that whoever does not know it cannot name its object, and it names one attempt at sealing
 * only: what an attempt that is long given up still does can never touch another's object.
 */
export const newTaskId = (): string => randomUUID();

const TASK_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const isTaskId = (text: string): boolean => TASK_ID.test(text);

/** The name of a task's object in the payload bucket. */
export const taskObject = (taskId: string): string => `encrypted-payloads/${taskId}.bin`;

/** What a sealed payload is bound to, so that one task's cannot be passed off as another's. */
export const taskAssociatedData = (taskId: string): Uint8Array => Buffer.from(`countersign/task-payload/v1:${taskId}`);
