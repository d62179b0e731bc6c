/** Google's status names to the HTTP statuses under which its REST APIs answer them (google/rpc/code.proto). */
const STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** An error response of Identity Platform; the message is the reason code. */
export class IdentityError extends Error {
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.name = 'IdentityError';
    this.status = status;
  }
}

export const injectedError = (code: string): IdentityError => new IdentityError(STATUS[code] ?? 500, code);

export const errorBody = ({ status, message }: IdentityError) => ({
  error: { code: status, message, errors: [{ message, reason: 'invalid', domain: 'global' }] },
});
