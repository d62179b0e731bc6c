/** google.rpc.Code names to the HTTP statuses under which Google's REST APIs answer them (google/rpc/code.proto). */
const STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

export class RunError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'RunError';
    this.code = code;
    this.status = STATUS[code] ?? 500;
  }
}

export const injectedError = (code: string): RunError => new RunError(code, `injected fault: ${code}`);

export const errorBody = ({ code, status, message }: RunError) => ({
  error: { code: status, message, status: code },
});
