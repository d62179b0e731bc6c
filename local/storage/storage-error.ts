/**
 * Every error of the stand-in: HTTP status, `reason` of the JSON API and `Code` with `Message` of the XML API, as
 * the service's reference pages "HTTP status and error codes" list them.
 */
const ERRORS = {
  aborted: {
    status: 409,
    reason: 'conflict',
    xml: 'OperationAborted',
    says: 'A conflicting operation is in progress.',
  },
  access_denied: { status: 403, reason: 'forbidden', xml: 'AccessDenied', says: 'Access denied.' },
  already_exists: {
    status: 409,
    reason: 'conflict',
    xml: 'BucketAlreadyOwnedByYou',
    says: 'You already own this bucket.',
  },
  bad_digest: {
    status: 400,
    reason: 'invalid',
    xml: 'BadDigest',
    says: 'The digest you specified did not match what we received.',
  },
  cancelled: { status: 499, reason: 'invalid', xml: 'ClientClosedRequest', says: 'The upload was cancelled.' },
  condition_not_met: {
    status: 412,
    reason: 'conditionNotMet',
    xml: 'PreconditionFailed',
    says: 'At least one of the pre-conditions you specified did not hold.',
  },
  crc_mismatch: {
    status: 400,
    reason: 'invalid',
    xml: 'CrcMismatch',
    says: 'The CRC32C you specified did not match what we computed.',
  },
  entity_too_large: {
    status: 400,
    reason: 'uploadTooLarge',
    xml: 'EntityTooLarge',
    says: 'Your proposed upload is larger than the maximum object size specified in your Policy Document.',
  },
  entity_too_small: {
    status: 400,
    reason: 'invalid',
    xml: 'EntityTooSmall',
    says: 'Your proposed upload is smaller than the minimum object size specified in your Policy Document.',
  },
  expired_token: { status: 400, reason: 'invalid', xml: 'ExpiredToken', says: 'Invalid argument.' },
  gateway_timeout: { status: 504, reason: 'backendError', xml: 'GatewayTimeout', says: 'Gateway timeout.' },
  gone: { status: 410, reason: 'gone', xml: 'UploadExpired', says: 'The upload has expired.' },
  internal: {
    status: 500,
    reason: 'internalError',
    xml: 'InternalError',
    says: 'We encountered an internal error. Please try again.',
  },
  invalid: { status: 400, reason: 'invalid', xml: 'InvalidArgument', says: 'Invalid argument.' },
  invalid_policy: {
    status: 400,
    reason: 'invalid',
    xml: 'InvalidPolicyDocument',
    says: 'The content of the form does not meet the conditions specified in the policy document.',
  },
  invalid_security: {
    status: 403,
    reason: 'forbidden',
    xml: 'InvalidSecurity',
    says: 'The provided security credentials are not valid.',
  },
  malformed_security: { status: 400, reason: 'invalid', xml: 'MalformedSecurityHeader', says: 'Invalid argument.' },
  method_not_allowed: {
    status: 405,
    reason: 'methodNotAllowed',
    xml: 'MethodNotAllowed',
    says: 'The specified method is not allowed against this resource.',
  },
  no_such_bucket: {
    status: 404,
    reason: 'notFound',
    xml: 'NoSuchBucket',
    says: 'The specified bucket does not exist.',
  },
  no_such_object: { status: 404, reason: 'notFound', xml: 'NoSuchKey', says: 'The specified key does not exist.' },
  no_such_upload: {
    status: 404,
    reason: 'notFound',
    xml: 'NoSuchUpload',
    says: 'The specified upload does not exist.',
  },
  not_found: { status: 404, reason: 'notFound', xml: 'NotFound', says: 'Not Found' },
  not_implemented: {
    status: 501,
    reason: 'notImplemented',
    xml: 'NotImplemented',
    says: 'A part of this request is not implemented.',
  },
  not_modified: { status: 304, reason: 'notModified', xml: 'NotModified', says: 'Not Modified' },
  range_not_satisfiable: {
    status: 416,
    reason: 'requestedRangeNotSatisfiable',
    xml: 'InvalidRange',
    says: 'The requested range cannot be satisfied.',
  },
  rate_limited: { status: 429, reason: 'rateLimitExceeded', xml: 'SlowDown', says: 'Please reduce your request rate.' },
  signature_does_not_match: { status: 403, reason: 'forbidden', xml: 'SignatureDoesNotMatch', says: 'Access denied.' },
  unauthenticated: {
    status: 401,
    reason: 'authError',
    xml: 'AuthenticationRequired',
    says: 'Authentication required.',
  },
  unavailable: {
    status: 503,
    reason: 'backendError',
    xml: 'ServiceUnavailable',
    says: 'Service unavailable. Please try again.',
  },
} as const;

export type StorageErrorCode = keyof typeof ERRORS;

export class StorageError extends Error {
  readonly code: StorageErrorCode;
  /** Elements that the XML answer carries beside Code, Message and Details, in this order. */
  readonly elements: Readonly<Record<string, string>>;

  /** @param message what the JSON API says, and the XML API under Details; by default the code's own words */
  constructor(code: StorageErrorCode, message?: string, elements: Readonly<Record<string, string>> = {}) {
    super(message ?? ERRORS[code].says);
    this.name = 'StorageError';
    this.code = code;
    this.elements = elements;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get reason(): string {
    return ERRORS[this.code].reason;
  }
}

/** gRPC status names, in which faults are injected, to the answer that Cloud Storage gives over HTTP. */
const OF_STATUS: Readonly<Record<string, StorageErrorCode>> = {
  ABORTED: 'aborted',
  DEADLINE_EXCEEDED: 'gateway_timeout',
  FAILED_PRECONDITION: 'condition_not_met',
  INTERNAL: 'internal',
  INVALID_ARGUMENT: 'invalid',
  NOT_FOUND: 'not_found',
  PERMISSION_DENIED: 'access_denied',
  RESOURCE_EXHAUSTED: 'rate_limited',
  UNAUTHENTICATED: 'unauthenticated',
  UNAVAILABLE: 'unavailable',
};

export const injectedError = (grpcStatus: string): StorageError =>
  new StorageError(OF_STATUS[grpcStatus] ?? 'internal');

/** The JSON API's error document. */
export function jsonError(error: StorageError): string {
  const { message, reason, status } = error;
  return JSON.stringify({ error: { code: status, message, errors: [{ message, domain: 'global', reason }] } });
}

/** The XML API's error document. */
export function xmlError(error: StorageError): string {
  const { xml, says } = ERRORS[error.code];
  const elements = {
    Code: xml,
    Message: says,
    ...(error.message === says ? {} : { Details: error.message }),
    ...error.elements,
  };
  const body = Object.entries(elements).map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`);
  return `<?xml version='1.0' encoding='UTF-8'?><Error>${body.join('')}</Error>`;
}

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
