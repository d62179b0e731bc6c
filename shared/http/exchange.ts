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
 * A request while it is answered, and what its handler is given. The signal, the logger and the like are made when they
 * are first asked for: most requests need none of them, and together they cost as much as a small request's body.
 */
export class Exchange implements HandlerInput<unknown, unknown, unknown> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly startedAt = performance.now();
  readonly requestId: string;
  /** Who asked, once a verified token has said it. */
  caller: Identity | undefined = undefined;
  /** What `setHeaders` was given: sent with the response, in one go. */
  readonly responseHeaders: Record<string, string>;
  params: unknown = undefined;
  query: unknown = undefined;
  body: unknown = undefined;
  inexact: readonly string[] = NOTHING_INEXACT;
  principal: Principal = ANYONE;
  readonly #settings: ExchangeSettings;
  #signal: AbortSignal | undefined = undefined;
  #log: Logger | undefined = undefined;

  constructor(request: IncomingMessage, response: ServerResponse, settings: ExchangeSettings) {
    this.request = request;
    this.response = response;
    this.requestId = requestIdOf(request);
    this.responseHeaders = { 'x-request-id': this.requestId };
    this.#settings = settings;
  }

  /** Whether the client has disconnected before it had its answer. */
  get isGone(): boolean {
    return this.response.destroyed && !this.response.writableFinished;
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const gone = new AbortController();
      this.#signal = gone.signal;
      if (this.isGone) gone.abort();
      else {
        this.response.once('close', () => {
          if (!this.response.writableFinished) gone.abort();
        });
      }
    }
    return this.#signal;
  }

  get log(): Logger {
    const { log, projectId } = this.#settings;
    this.#log ??= log.with({ request_id: this.requestId, ...traceFields(this.request, projectId) });
    return this.#log;
  }

  get clientIp(): string {
    return clientIpOf(this.request, this.#settings.clientIpHeader);
  }

  get headers(): Readonly<Record<string, string | undefined>> {
    return flatHeaders(this.request);
  }

  /** A function of its own, since handlers take it out of their input. */
  get setHeaders(): (headers: Readonly<Record<string, string>>) => void {
    return (headers) => Object.assign(this.responseHeaders, headers);
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
