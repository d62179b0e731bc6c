import { createHmac } from 'node:crypto';
import { describeEvent } from '#shared/events/describe-event.ts';
import type { Event } from '#shared/model/event.ts';

/** Bytes of a body. An event beyond them is sent without its data, which its GET has. */
const MAX_BODY = 20 * 1024;

export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What an endpoint is sent: the event as JSON, signed as Standard Webhooks 1.0 says.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @param secrets the newest first; a signature with each
 * @param now milliseconds since the epoch: the time of this attempt
 */
export function messageOf(event: Event, secrets: readonly Uint8Array[], now: number): Message {
  const body = bodyOf(event);
  const timestamp = String(Math.floor(now / 1000));
  const signed = `${event.id}.${timestamp}.${body}`;
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
  return {
    body,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'Countersign-Webhooks/1.0',
      'webhook-id': event.id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signatures.join(' '),
    },
  };
}

function bodyOf(event: Event): string {
  const described = describeEvent(event);
  const body = JSON.stringify(described);
  if (Buffer.byteLength(body) <= MAX_BODY) return body;
  return JSON.stringify({ ...described, data: { truncated: true, id: event.id } });
}
