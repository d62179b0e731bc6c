import type * as z from 'zod';
import type { FaultCode } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Access, Principal } from '../model/principal.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One possible response: its meaning, and the schema of its body. */
export interface ResponseSpec {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly contentType?: string;
  /** A text that is sent in its place to a caller whose Accept header prefers it. */
  readonly text?: { readonly contentType: string; readonly description: string };
}

/**
 * A route as data. The router, the validation, the OpenAPI document, the local gateway, the authorisation test and the
 * comparison with the production URL map all read the same table of routes.
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
  /** Answers with things of every tenant that the caller belongs to, so nobody has to name one. */
  readonly acrossTenants?: boolean;
  readonly summary: string;
  readonly description?: string;
  /** An invalid path parameter is a 404, since it names nothing. */
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** The body is handed on as its bytes (`Uint8Array`), because a signature covers them. */
  readonly rawBody?: boolean;
  /** Bytes. */
  readonly bodyLimit?: number;
  /** A request without a body counts as one with `{}`. */
  readonly bodyOptional?: boolean;
  /** How many requests of its caller's limit a body counts as; default 1. It is called before the body is validated. */
  readonly countsAs?: (body: unknown) => number;
  /** A member of the body that is checked and kept as it was sent; its schema is `verbatimObject`. */
  readonly verbatim?: string;
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  /** Error codes of this route, in addition to those of every route. */
  readonly errors?: readonly FaultCode[];
  /** Whether web pages of all origins may read the responses. */
  readonly publicCors?: boolean;
  /** Pages of the origins that are configured may call it, though it is no route of users. */
  readonly listedCors?: boolean;
  /** Only a page of ours calls it: no part of the API, so the OpenAPI document does not describe it. */
  readonly pageOnly?: boolean;
}

/** The input of a handler: parsed, validated, and with the authenticated caller. */
export interface HandlerInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Paths of numbers in the body that are not integers as written (see `json.ts`). */
  readonly inexact: readonly string[];
  readonly principal: Principal;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly requestId: string;
  /** The client's address, as the load balancer reports it; for logs, limits and the audit. */
  readonly clientIp: string;
  /** Sets headers of the response, whether it is a problem or not. */
  readonly setHeaders: (headers: Readonly<Record<string, string>>) => void;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Values of `Set-Cookie`, one a header (RFC 6265, section 3). */
  readonly cookies?: readonly string[];
  /** Strings and bytes are sent unchanged, other values as JSON; undefined sends no body. */
  readonly body?: unknown;
}

export interface BoundRoute {
  readonly route: Route;
  /** Validates the input and handles the request. @throws Fault for errors of the caller or a dependency */
  readonly handle: (input: HandlerInput<unknown, unknown, unknown>) => Promise<HttpResponse>;
  /**
   * Returns the cached response to a GET; undefined when there is none. Only for routes that are open to anyone and depend
   * on the path only. The same response must be the same object, which is encoded once. Parameters are not validated.
   */
  readonly cached?: (input: CachedInput) => HttpResponse | undefined;
}

export interface CachedInput {
  readonly params: Readonly<Record<string, string>>;
  readonly headers: { readonly 'if-none-match'?: string | undefined };
}

/** Defines a route and keeps the types of its schemas, which `bind` passes to the handler. */
export const defineRoute = <Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  route: Route<Params, Query, Body>,
): Route<Params, Query, Body> => route;
