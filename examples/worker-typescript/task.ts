import { withPayload } from '@countersign/task-worker';

const { TASK_ID: taskId = '' } = process.env;

// The payload is in this process alone, and is overwritten when the function ends. It is deleted when the function
// resolves, and kept when it throws: the job fails then, and can be run again.
await withPayload(taskId, async (payload, lost) => {
  const task: Record<string, unknown> = JSON.parse(payload.toString());
  process.stdout.write(`task ${taskId}: ${Object.keys(task).sort().join(', ')}\n`);
  if (!('repository' in task)) throw new Error('the payload names no repository');
  lost.throwIfAborted();
});
