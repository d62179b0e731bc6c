import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#shared/model/clock.ts';
import {
  type Attempt,
  type Delivery,
  type DeliveryFields,
  deliveryDocument,
  deliveryPath,
  MAX_ATTEMPTS_KEPT,
  readDelivery,
} from '#shared/model/delivery.ts';
import type { Logger } from '#shared/model/logger.ts';
import { readWebhook, type Webhook, webhookDocument, webhookPath } from '#shared/model/webhook.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import type { DeliveryTasks } from '#shared/webhooks/delivery-tasks.ts';
import type { SendResult } from '#shared/webhooks/send-webhook.ts';
import { type DisabledWebhook, disableWrites } from './disable.ts';
import { DISABLE_AFTER, nextAttempt, retryAfterOf } from './schedule.ts';

export interface RecordAttemptOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tasks: DeliveryTasks;
  readonly log: Logger;
  /** Ends what else is pending at an endpoint that was just disabled. */
  readonly onDisabled: (webhookId: string) => Promise<void>;
}

/** An attempt that was made under a lease. */
export interface MadeAttempt {
  readonly id: string;
  readonly lease: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly result: SendResult;
}

/**
 * Notes what came of an attempt, and what follows: the next attempt, the end of the schedule, the end of the endpoint.
 * @returns what the endpoint did; when it cannot be noted, the delivery is due again after its lease
 */
export type RecordAttempt = (made: MadeAttempt) => Promise<'delivered' | 'failed'>;

const TRIES = 6;
/** Milliseconds before a note is tried again, times the number of the try, jittered. */
const PAUSE = 40;
const GONE = 410;

export function createRecordAttempt(options: RecordAttemptOptions): RecordAttempt {
  const { store, clock, random, tasks, log, onDisabled } = options;

  return async (made) => {
    const outcome = isSuccess(made.result) ? 'delivered' : 'failed';
    for (let tries = 1; tries <= TRIES; tries += 1) {
      try {
        const planned = await plan(made);
        if (planned === undefined) return outcome;
        await store.commit(planned.writes);
        await follow(planned);
        return outcome;
      } catch (error) {
        // A CommitError or an unavailable store: what was written is read before the next try.
        log.log('WARNING', 'webhook_attempt_not_noted', { delivery: made.id, tries, error });
        await sleep(PAUSE * tries * random());
      }
    }
    return outcome;
  };

  interface Planned {
    readonly writes: readonly Write[];
    readonly delivery: Delivery;
    readonly next: number | undefined;
    readonly disabled: string | undefined;
  }

  /** @returns undefined when it is noted already, or when the delivery is somebody else's by now */
  async function plan(made: MadeAttempt): Promise<Planned | undefined> {
    const [, webhookId = ''] = made.id.split('.');
    const [document, endpoint] = await store.get([deliveryPath(made.id), webhookPath(webhookId)]);
    const delivery = document && readDelivery(document);
    if (delivery === undefined || delivery.lease !== made.lease) return undefined;
    const webhook = endpoint && readWebhook(endpoint);
    const effect = effectOnEndpoint(webhook, made);
    const attempt = delivery.attempt + 1;
    const retryAfter = retryAfterIn(made);
    const success = isSuccess(made.result);
    const isOver = success || webhook?.status !== 'enabled' || effect.disabled !== undefined;
    const next = isOver ? undefined : nextAttempt({ attempt, at: made.at, retryAfter, random: random() });
    const unfinished = webhook === undefined ? 'dropped' : next === undefined ? 'failed' : 'pending';
    const fields: Partial<DeliveryFields> = {
      status: success ? 'delivered' : unfinished,
      due: next ?? null,
      lease: null,
      attempt,
      attempts_made: delivery.attempts_made + 1,
      attempts: [...delivery.attempts, noted(made)].slice(-MAX_ATTEMPTS_KEPT),
    };
    const { updateTime: lastUpdateTime } = delivery;
    const update: Write = {
      op: 'update',
      path: deliveryPath(made.id),
      fields: deliveryDocument(fields),
      lastUpdateTime,
    };
    const { writes = [], id: disabled } = effect.disabled ?? {};
    return {
      writes: [update, ...effect.writes, ...writes],
      delivery,
      next,
      disabled,
    };
  }

  interface Effect {
    readonly writes: readonly Write[];
    readonly disabled: DisabledWebhook | undefined;
  }

  /** The endpoint is written only when its state changes: the first failure, the first success after one, its end. */
  function effectOnEndpoint(webhook: Webhook | undefined, { result, at }: MadeAttempt): Effect {
    if (webhook === undefined || webhook.status === 'disabled') return NOTHING;
    const { failing_since } = webhook;
    if (isSuccess(result)) return failing_since === null ? NOTHING : change(webhook, null);
    if (result.kind === 'answer' && result.status === GONE) {
      return { writes: [], disabled: disableWrites(webhook, 'gone', clock.now()) };
    }
    if (failing_since === null) return change(webhook, at);
    if (failing_since > at - DISABLE_AFTER) return NOTHING;
    return { writes: [], disabled: disableWrites(webhook, 'failing', clock.now()) };
  }

  function retryAfterIn({ result, at }: MadeAttempt): number | undefined {
    return result.kind === 'answer' ? retryAfterOf(result.retryAfter, result.date, at) : undefined;
  }

  /** Best effort: without them the dispatcher's next run does the same. */
  async function follow({ delivery, next, disabled }: Planned): Promise<void> {
    const { event_id: eventId, webhook_id: webhookId, attempts_made } = delivery;
    if (next !== undefined) {
      const task = { eventId, webhookId, attempt: attempts_made + 1, notBefore: next };
      await tasks.enqueue(task).catch((error: unknown) => log.log('WARNING', 'webhook_task_not_made', { error }));
    }
    if (disabled !== undefined) await onDisabled(disabled);
  }
}

const NOTHING = { writes: [], disabled: undefined };

const change = ({ id, updateTime: lastUpdateTime }: Webhook, failing_since: number | null) => {
  const fields = webhookDocument({ failing_since });
  const write: Write = { op: 'update', path: webhookPath(id), fields, lastUpdateTime };
  return { writes: [write], disabled: undefined };
};

const isSuccess = (result: SendResult): boolean =>
  result.kind === 'answer' && result.status >= 200 && result.status < 300;

function noted({ at, duration, result }: MadeAttempt): Attempt {
  const answer = result.kind === 'answer' ? result : undefined;
  return {
    at,
    duration_ms: duration,
    status_code: answer?.status ?? null,
    error: result.kind === 'error' ? result.error : null,
    response: answer?.body ?? '',
  };
}
