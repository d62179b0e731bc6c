import type * as z from 'zod';
import type { FaultCode } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Access, Principal } from '../model/principal.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One possible answer: what it means, and its body's schema where it has one. */
export interface ResponseSpec {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly contentType?: string;
}

/**
 * A route as data. One table of these drives the router, the validation, the OpenAPI document, the gateway, the
 * authorisation test and the comparison with the production URL map.
 */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  /** The OpenAPI operationId. */
  readonly id: string;
  readonly method: Method;
  /** Segments in braces are parameters: `/api/v1/licenses/{license_id}`. No trailing slash. */
  readonly path: string;
  readonly access: readonly Access[];
  readonly summary: string;
  readonly description?: string;
  /** A parameter that does not fit is a 404: it names nothing. */
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Bytes. */
  readonly bodyLimit?: number;
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  /** The codes of its own, beside those that every route can answer. */
  readonly errors?: readonly FaultCode[];
  /** Readable from any web page, with any origin. */
  readonly publicCors?: boolean;
}

/** What a handler is given: parsed, validated, and with the caller known. */
export interface HandlerInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Paths of numbers in the body that are not integers as written (see `json.ts`). */
  readonly inexact: readonly string[];
  readonly principal: Principal;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly requestId: string;
  /** Where the caller is, as the load balancer says; for logs, limits and the audit. */
  readonly clientIp: string;
  /** Adds headers to the answer, be it a problem or not. */
  readonly setHeaders: (headers: Readonly<Record<string, string>>) => void;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string or bytes are sent as they are, anything else as JSON; undefined sends no body. */
  readonly body?: unknown;
}

export interface BoundRoute {
  readonly route: Route;
  /** Validates and handles; throws a Fault for everything that is the caller's or a dependency's. */
  readonly handle: (input: HandlerInput<unknown, unknown, unknown>) => Promise<HttpResponse>;
  /**
   * The answer to a GET, if it is at hand; for routes that are open to anyone and read nothing but their path. One
   * object an answer: what is sent is worked out once for each. Parameters have not been validated.
   */
  readonly cached?: (input: CachedInput) => HttpResponse | undefined;
}

export interface CachedInput {
  readonly params: Readonly<Record<string, string>>;
  readonly headers: { readonly 'if-none-match'?: string | undefined };
}

/** Keeps the schemas' types, so that `bind` can hand them to the handler. */
export const defineRoute = <Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  route: Route<Params, Query, Body>,
): Route<Params, Query, Body> => route;
