import { credentials, status } from '@grpc/grpc-js';

/** Constructor options of a Google client for a plaintext stand-in; none for the service. */
export function endpointOptions(endpoint: string | undefined) {
  if (endpoint === undefined) return {};
  const [host = '', port = ''] = endpoint.split(':');
  return { apiEndpoint: host, port: Number(port), sslCreds: credentials.createInsecure() };
}

/**
 * Call options for one attempt with a deadline, since retrying is ours. Streaming calls need `noResponseRetries` too: the
 * library retries them twice more, after seconds, and ignores `retryCodes`.
 */
export const sendOnce = (timeoutMilliseconds: number) => ({
  timeout: timeoutMilliseconds,
  retry: { retryCodes: [] },
  retryRequestOptions: { noResponseRetries: 0 },
});

/** When a call ends that is made now, in milliseconds since the epoch: for calls of a stub, which are one attempt anyway. */
export const deadlineIn = (timeoutMilliseconds: number): number => Date.now() + timeoutMilliseconds;

/** The gRPC status of an error from a Google client; UNKNOWN for any other error. */
export function statusOf(error: unknown): status {
  if (typeof error !== 'object' || error === null || !('code' in error)) return status.UNKNOWN;
  return typeof error.code === 'number' && error.code in status ? error.code : status.UNKNOWN;
}

export { status };
