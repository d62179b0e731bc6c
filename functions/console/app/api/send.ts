import { type Failure, RequestError } from './request-error.ts';

export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined for an empty body. */
  readonly body: unknown;
}

/** Milliseconds after which a request without an answer counts as lost: longer than the suite's own deadline of 30 s. */
const PATIENCE = 40_000;

/**
 * One request to the own origin.
 * @throws RequestError for every answer but a success, and for none; AbortError when `signal` aborts
 */
export async function send(path: string, init: RequestInit & { readonly signal?: AbortSignal }): Promise<Sent> {
  const timeout = AbortSignal.timeout(PATIENCE);
  const signal = init.signal === undefined ? timeout : AbortSignal.any([init.signal, timeout]);
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, { ...init, signal, redirect: 'error', cache: 'no-store' });
    text = await response.text();
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new RequestError({ status: 0, code: 'offline' }, { cause: error });
  }
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const body = isJson ? parse(text) : text === '' ? undefined : text;
  if (response.ok) return { status: response.status, headers: response.headers, body };
  throw new RequestError(failureFrom(response, body));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What answers in place of the suite, e.g. a proxy, sends no problem document. */
function failureFrom({ status, headers }: Response, body: unknown): Failure {
  const problem = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const { code, detail, errors, request_id, type: _type, title: _title, status: _status, ...extra } = problem;
  const retryAfter = Number(headers.get('retry-after'));
  return {
    status,
    code:
      typeof code === 'string'
        ? code
        : status === 503 || status === 502 || status === 504
          ? 'dependency_unavailable'
          : 'internal',
    ...(typeof detail === 'string' ? { detail } : {}),
    ...(Array.isArray(errors) ? { errors } : {}),
    ...(Number.isFinite(retryAfter) && retryAfter > 0 ? { retryAfter } : {}),
    ...(typeof request_id === 'string' ? { requestId: request_id } : {}),
    extra,
  };
}
