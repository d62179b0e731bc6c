import * as contract from '#shared/contract/task-payloads.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { idempotencyKeyIn } from '#shared/idempotency/secrets.ts';
import { Fault } from '#shared/model/errors.ts';
import type { Principal } from '#shared/model/principal.ts';
import type { createTaskCreation } from './create.ts';
import type { createTaskOperations } from './manage.ts';
import type { createRunOnce } from './run-once.ts';

export interface TasksDomain {
  readonly create: ReturnType<typeof createTaskCreation>;
  readonly manage: ReturnType<typeof createTaskOperations>;
  readonly run: ReturnType<typeof createRunOnce>;
}

export const taskRoutes = ({ create, manage, run }: TasksDomain): BoundRoute[] => [
  bind(contract.createTask, async ({ body, principal, headers, log }) => {
    const answer = await create({
      caller: callerOf(principal),
      payload: body.payload,
      run: body.run,
      idempotencyKey: idempotencyKeyIn(headers),
      log,
    });
    return { status: 201, body: answer };
  }),

  bind(contract.getTask, async ({ params, principal }) => ({
    status: 200,
    body: await manage.status(params.task_id, callerOf(principal)),
  })),

  bind(contract.deleteTask, async ({ params, principal }) => {
    await manage.remove(params.task_id, callerOf(principal));
    return { status: 204 };
  }),

  bind(contract.runTask, async ({ params, principal, headers, log }) => ({
    status: 202,
    body: await run({
      taskId: params.task_id,
      caller: callerOf(principal),
      idempotencyKey: idempotencyKeyIn(headers),
      log,
    }),
  })),
];

/** The routes admit services only; a task belongs to the service that created it. */
function callerOf(principal: Principal): string {
  if (principal.kind === 'service') return principal.email;
  throw new Fault('forbidden', 'Tasks belong to services.');
}
