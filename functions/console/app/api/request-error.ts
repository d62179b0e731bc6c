export interface InvalidMember {
  readonly path: string;
  readonly message: string;
}

export interface Failure {
  /** HTTP status; 0 when no response arrived. */
  readonly status: number;
  /** Of the problem document; `offline` when no response arrived. */
  readonly code: string;
  readonly detail?: string;
  /** Invalid members of the request, with status 400. */
  readonly errors?: readonly InvalidMember[];
  /** Seconds until a retry can succeed, as Retry-After says. */
  readonly retryAfter?: number;
  readonly requestId?: string;
  /** Further members of the problem document, e.g. `seats_used`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A request that did not succeed. Its words for people are made by `wordsFor`. */
export class RequestError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${failure.status} ${failure.code}`, options);
    this.name = 'RequestError';
    this.failure = failure;
  }
}

/** @returns the failure of anything that was thrown; what is no answer of the API counts as a lost connection */
export const failureOf = (error: unknown): Failure =>
  error instanceof RequestError ? error.failure : { status: 0, code: 'offline' };
