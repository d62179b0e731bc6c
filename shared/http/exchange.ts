import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../model/logger.ts';
import type { Identity, Principal } from '../model/principal.ts';
import { clientIpOf, requestIdOf, traceFields } from './request-context.ts';
import type { HandlerInput } from './route.ts';

export interface ExchangeSettings {
  readonly log: Logger;
  readonly projectId: string;
  /** The header in which the load balancer sends the client's address; undefined without a load balancer. */
  readonly clientIpHeader: string | undefined;
}

/**
 * A request while it is answered, and what its handler is given. The signal and the fields of the log are made when they are
 * first asked for: most requests need neither, and together they cost as much as a small request's body.
 */
export class Exchange implements HandlerInput<unknown, unknown, unknown> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly startedAt = performance.now();
  readonly requestId: string;
  readonly clientIp: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** Who asked, once a verified token has said it. */
  caller: Identity | undefined = undefined;
  /** What `setHeaders` was given: sent with the response, in one go. */
  readonly responseHeaders: Record<string, string>;
  params: unknown = undefined;
  query: unknown = undefined;
  body: unknown = undefined;
  inexact: readonly string[] = NOTHING_INEXACT;
  principal: Principal = ANYONE;
  #signal: AbortSignal | undefined = undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    { log, projectId, clientIpHeader }: ExchangeSettings,
  ) {
    this.request = request;
    this.response = response;
    this.requestId = requestIdOf(request);
    this.clientIp = clientIpOf(request, clientIpHeader);
    this.headers = flatHeaders(request);
    this.log = new RequestLogger(log, this.requestId, request, projectId);
    this.responseHeaders = { 'x-request-id': this.requestId };
  }

  readonly setHeaders = (headers: Readonly<Record<string, string>>): void => {
    Object.assign(this.responseHeaders, headers);
  };

  /** Whether the client has disconnected before it had its answer. */
  get isGone(): boolean {
    return this.response.destroyed && !this.response.writableFinished;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#abortedWhenGone();
    return this.#signal;
  }

  #abortedWhenGone(): AbortSignal {
    const gone = new AbortController();
    if (this.isGone) gone.abort();
    else {
      this.response.once('close', () => {
        if (!this.response.writableFinished) gone.abort();
      });
    }
    return gone.signal;
  }
}

/** The function's logger, with the request's id and trace. */
class RequestLogger implements Logger {
  readonly #logger: Logger;
  readonly #requestId: string;
  readonly #request: IncomingMessage;
  readonly #projectId: string;

  constructor(logger: Logger, requestId: string, request: IncomingMessage, projectId: string) {
    this.#logger = logger;
    this.#requestId = requestId;
    this.#request = request;
    this.#projectId = projectId;
  }

  log(...event: Parameters<Logger['log']>): void {
    this.with({}).log(...event);
  }

  with(fields: Parameters<Logger['with']>[0]): Logger {
    const trace = traceFields(this.#request, this.#projectId);
    return this.#logger.with({ request_id: this.#requestId, ...trace, ...fields });
  }
}

const ANYONE: Principal = { kind: 'anyone' };
const NOTHING_INEXACT: readonly string[] = [];

function flatHeaders({ headers }: IncomingMessage): Readonly<Record<string, string | undefined>> {
  if (areFlat(headers)) return headers;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

/** Node joins the values of every header but this one. */
const areFlat = (headers: IncomingHttpHeaders): headers is Record<string, string | undefined> =>
  headers['set-cookie'] === undefined;
