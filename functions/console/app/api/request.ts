import { signal } from '@preact/signals';
import { token as bearer } from '../session/bearer.ts';
import { tenantId } from '../session/place.ts';
import { failureOf } from './request-error.ts';
import { type Sent, send } from './send.ts';

export interface RequestOptions {
  /** Members without a value are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** The same for each attempt of one act, so that it happens once. */
  readonly idempotencyKey?: string;
  readonly accept?: string;
  /** Another tenant than the chosen one; null: none, for what staff read of all of them. */
  readonly tenant?: string | null;
}

export interface Reply<T> {
  readonly data: T;
  /** The cursor of the next page of a list. */
  readonly next: string | undefined;
}

/** How many requests the hour has left for this person, as the last answer said. */
export const requestsLeft = signal<number | undefined>(undefined);

/**
 * Asks the public API. A token that has expired is renewed and the request sent again, once.
 * @throws RequestError for every answer but a success, and for none
 */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<Reply<T>> {
  const token = await bearer();
  try {
    return await attempt<T>(method, path, options, token);
  } catch (error) {
    if (failureOf(error).status !== 401) throw error;
    return attempt<T>(method, path, options, await bearer(token));
  }
}

/**
 * Ends something. What is not there any more has ended already: by an attempt whose answer was lost, or by somebody else.
 * @throws RequestError for every other answer but a success, and for none
 */
export async function remove(path: string, options: RequestOptions = {}): Promise<void> {
  try {
    await request('DELETE', path, options);
  } catch (error) {
    if (failureOf(error).status !== 404) throw error;
  }
}

async function attempt<T>(method: string, path: string, options: RequestOptions, token: string): Promise<Reply<T>> {
  const { body, signal, idempotencyKey, accept, tenant = tenantId.peek() } = options;
  const sent = await send(`${path}${queryOf(options.query)}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(tenant ? { 'countersign-tenant': tenant } : {}),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      ...(accept === undefined ? {} : { accept }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const left = sent.headers.get('ratelimit-remaining');
  if (left !== null) requestsLeft.value = Number(left);
  return { data: sent.body as T, next: nextOf(sent) };
}

function queryOf(query: RequestOptions['query'] = {}): string {
  const present = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return present.length === 0 ? '' : `?${new URLSearchParams(present)}`;
}

/** The cursor in `Link: <…?cursor=…>; rel="next"`. */
function nextOf({ headers }: Sent): string | undefined {
  const [, url] = /<([^>]*)>;\s*rel="next"/.exec(headers.get('link') ?? '') ?? [];
  return url === undefined ? undefined : (new URL(url, location.origin).searchParams.get('cursor') ?? undefined);
}
