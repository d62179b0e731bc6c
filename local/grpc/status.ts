/** gRPC's status names; the place in the list is the number on the wire (grpc/doc/statuscodes.md). */
const NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type StatusName = (typeof NAMES)[number];

const NUMBERS: ReadonlyMap<string, number> = new Map(NAMES.map((name, number) => [name, number]));

/** The number of a status. Injected faults may name any string; one that is no error status becomes UNKNOWN. */
export function statusNumber(name: string): number {
  const UNKNOWN = 2;
  return NUMBERS.get(name) || UNKNOWN;
}

/** The name of a status number that this file has given. */
export const statusName = (number: number): StatusName => NAMES[number] ?? 'UNKNOWN';

/** What a method of a stand-in throws to answer as Google would: a status and the text of its `details`. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  readonly code: StatusName;

  constructor(code: StatusName, details: string) {
    super(details);
    this.code = code;
  }
}

export const invalidArgument = (details: string) => new GrpcError('INVALID_ARGUMENT', details);
export const failedPrecondition = (details: string) => new GrpcError('FAILED_PRECONDITION', details);
export const notFound = (details: string) => new GrpcError('NOT_FOUND', details);

/** Google's wording, the same for "forbidden" and "absent", so that a caller cannot find out what exists. */
export const permissionDenied = (permission: string, resource: string) =>
  new GrpcError(
    'PERMISSION_DENIED',
    `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`,
  );
