import { IAMCredentialsClient } from '@google-cloud/iam-credentials';
import type { BlobSigner } from '../crypto/blob-signer.ts';
import { Fault } from '../model/errors.ts';
import { leanGax } from './gax.ts';
import { endpointOptions, sendOnce } from './grpc.ts';
import { isTransient, retrying, TRANSIENT } from './retry.ts';

/** Milliseconds. SignBlob takes 100 ms, and occasionally a second. */
const SIGN_TIMEOUT = 3_000;

/** Concurrent calls on one HTTP/2 connection; further calls wait inside the client. */
export const CALLS_PER_CHANNEL = 100;

/** A response without a signature. */
class EmptyResponse extends Error {
  override readonly name = 'EmptyResponse';
}

/** Signing has no side effect, so it may be retried. */
const policy = {
  ...TRANSIENT,
  retries: (error: unknown) => isTransient(error) || error instanceof EmptyResponse,
};

/** A pool of IAM Credentials clients, each with its own connection. */
export interface IamChannels {
  /** Runs a call on the client with the fewest calls in flight. */
  run<T>(call: (client: IAMCredentialsClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * @param count number of connections, opened on first use
 * @param endpoint host:port of a plaintext stand-in; undefined for the service
 */
export function createIamChannels(count: number, endpoint?: string): IamChannels {
  const options = {
    ...endpointOptions(endpoint),
    // Clients with the global subchannel pool share one connection per address.
    'grpc.use_local_subchannel_pool': 1,
    // Retrying is ours, and gRPC keeps a copy of every message for its own.
    'grpc.enable_retries': 0,
  };
  const first = new IAMCredentialsClient(options, leanGax);
  // All clients share one source of access tokens.
  const others = Array.from(
    { length: count - 1 },
    () => new IAMCredentialsClient({ ...options, auth: first.auth }, leanGax),
  );
  const channels = [first, ...others].map((client) => ({ client, calls: 0 }));

  return {
    async run(call) {
      const channel = channels.reduce((least, one) => (one.calls < least.calls ? one : least));
      channel.calls += 1;
      try {
        return await call(channel.client);
      } finally {
        channel.calls -= 1;
      }
    },
    async close() {
      await Promise.all(channels.map(({ client }) => client.close()));
    },
  };
}

/**
 * Signs with SignBlob, which takes one text a call.
 * @param email the service account that signs; the calling account needs iam.serviceAccounts.signBlob on it, also when
 *   both are the same
 */
export function createIamSigner(channels: Pick<IamChannels, 'run'>, email: string): BlobSigner {
  // SignBlob accepts only the wildcard as the project.
  const name = `projects/-/serviceAccounts/${email}`;
  return {
    email,
    async sign(text) {
      const request = { name, payload: Buffer.from(text) };
      try {
        return await retrying(async () => {
          const [response] = await channels.run((client) => client.signBlob(request, sendOnce(SIGN_TIMEOUT)));
          const signature = bytes(response.signedBlob);
          if (signature.length === 0) throw new EmptyResponse('SignBlob returned no signature');
          return signature;
        }, policy);
      } catch (cause) {
        throw new Fault('dependency_unavailable', 'The URL could not be signed.', { cause, retryAfter: 2 });
      }
    },
  };
}

const bytes = (value: Uint8Array | string | null | undefined): Uint8Array =>
  typeof value === 'string' ? Buffer.from(value, 'base64') : (value ?? new Uint8Array());
