import { credentials, status } from '@grpc/grpc-js';

/** What a Google client's constructor takes to reach a plaintext stand-in in place of the service. */
export function endpointOptions(endpoint: string | undefined) {
  if (endpoint === undefined) return {};
  const [host = '', port = ''] = endpoint.split(':');
  return { apiEndpoint: host, port: Number(port), sslCreds: credentials.createInsecure() };
}

/**
 * Call options under which a client's library sends once, waits no longer than this, and leaves retrying to us.
 * Streamed answers have retries of their own in the library, which heed no `retryCodes`: twice more, after seconds.
 */
export const sendOnce = (timeoutMilliseconds: number) => ({
  timeout: timeoutMilliseconds,
  retry: { retryCodes: [] },
  retryRequestOptions: { noResponseRetries: 0 },
});

/** The gRPC status of what a Google client threw; UNKNOWN for anything else. */
export function statusOf(error: unknown): status {
  if (typeof error !== 'object' || error === null || !('code' in error)) return status.UNKNOWN;
  return typeof error.code === 'number' && error.code in status ? error.code : status.UNKNOWN;
}

export { status };
