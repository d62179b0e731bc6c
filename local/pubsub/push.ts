import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Recorder } from '#local/recorder.ts';
import type { StoredObject } from '#local/storage/model.ts';
import { objectResource } from '#local/storage/representation.ts';
import type { Clock } from '#shared/model/clock.ts';

export interface PushOptions {
  /** Where notifications are pushed to. */
  readonly url: string;
  /** The OIDC token of the account that pushes. */
  readonly token: () => Promise<string>;
  readonly clock: Clock;
  /**
   * Each push is counted and fails as service `pubsub`, method `push`. With `lost` the receiver has it and Pub/Sub does
   * not know: it is pushed again.
   */
  readonly recorder: Recorder;
  readonly projectId: string;
  readonly topic: string;
}

export interface Push {
  /** Notifies of a new generation of an object. Nobody waits for it. */
  notify(object: StoredObject): void;
  /** Nothing more is pushed. */
  close(): Promise<void>;
}

/** Milliseconds before a notification that was not taken is pushed again; each further time twice as long. */
const FIRST_BACKOFF = 100;
const LONGEST_BACKOFF = 5_000;

/**
 * A bucket's notifications (https://cloud.google.com/storage/docs/pubsub-notifications) and the subscription that pushes
 * them (https://cloud.google.com/pubsub/docs/push): again until they are taken, in no order, some twice.
 */
export function createPush({ url, token, clock, recorder, projectId, topic }: PushOptions): Push {
  const ended = new AbortController();
  const subscription = `projects/${projectId}/subscriptions/${topic}`;

  function envelopeOf(object: StoredObject) {
    const published = new Date(clock.now()).toISOString();
    const messageId = randomUUID();
    return {
      message: {
        attributes: {
          bucketId: object.bucket,
          eventTime: new Date(object.createdAt).toISOString(),
          eventType: 'OBJECT_FINALIZE',
          notificationConfig: `projects/_/buckets/${object.bucket}/notificationConfigs/1`,
          objectGeneration: String(object.generation),
          objectId: object.name,
          payloadFormat: 'JSON_API_V1',
        },
        data: Buffer.from(JSON.stringify(objectResource(object, 'www.googleapis.com'))).toString('base64'),
        messageId,
        message_id: messageId,
        publishTime: published,
        publish_time: published,
      },
      subscription,
    };
  }

  /** Whether the message was taken: 102, 200, 201, 202 or 204. */
  async function push(body: string): Promise<boolean> {
    const failure = await recorder.enter('pubsub', 'push');
    if (failure !== undefined && !failure.lost) return false;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await token()}` },
      body,
      signal: ended.signal,
    });
    await response.body?.cancel();
    return response.ok && failure === undefined;
  }

  async function pushUntilTaken(body: string): Promise<void> {
    for (let backoff = FIRST_BACKOFF; !ended.signal.aborted; backoff = Math.min(LONGEST_BACKOFF, 2 * backoff)) {
      if (await push(body).catch(() => false)) return;
      await sleep(backoff, undefined, { signal: ended.signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    notify: (object) => void pushUntilTaken(JSON.stringify(envelopeOf(object))),
    async close() {
      ended.abort();
    },
  };
}
