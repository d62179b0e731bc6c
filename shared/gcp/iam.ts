import { IAMCredentialsClient } from '@google-cloud/iam-credentials';
import type { BlobSigner } from '../crypto/blob-signer.ts';
import { Fault } from '../model/errors.ts';
import { endpointOptions, sendOnce } from './grpc.ts';
import { isTransient, retrying, TRANSIENT } from './retry.ts';

/** Milliseconds. SignBlob takes 100 of them, and now and then a second. */
const SIGN_TIMEOUT = 3_000;

/** What one HTTP/2 connection carries at a time; a call beyond it waits inside the client. */
export const CALLS_PER_CHANNEL = 100;

/** An answer without a signature in it. */
class EmptyAnswer extends Error {
  override readonly name = 'EmptyAnswer';
}

/** A connection that broke while the answer, or the access token on the way to it, was being read. */
const isPrematureClose = (error: unknown): boolean =>
  error instanceof Error &&
  (/premature close/i.test(error.message) || ('code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'));

/** Signing has no effect that a second attempt would repeat. */
const policy = {
  ...TRANSIENT,
  retries: (error: unknown) => isTransient(error) || isPrematureClose(error) || error instanceof EmptyAnswer,
};

/** Clients of IAM Credentials with a connection each. */
export interface IamChannels {
  /** The client with the fewest calls under way runs one more. */
  run<T>(call: (client: IAMCredentialsClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * @param count of connections, opened when first needed
 * @param endpoint host:port of a plaintext stand-in; undefined for the service
 */
export function createIamChannels(count: number, endpoint?: string): IamChannels {
  const options = {
    ...endpointOptions(endpoint),
    // Without a pool of its own, gRPC gives every client of one address the same connection.
    'grpc.use_local_subchannel_pool': 1,
    // Retrying is ours; gRPC's own would keep a copy of every message for it.
    'grpc.enable_retries': 0,
  };
  const first = new IAMCredentialsClient(options);
  // One source of access tokens for all.
  const others = Array.from({ length: count - 1 }, () => new IAMCredentialsClient({ ...options, auth: first.auth }));
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
 * Signs with SignBlob, which has no form for many texts in one call.
 * @param email the service account; whoever calls needs iam.serviceAccounts.signBlob on it, be it the same account
 */
export function createIamSigner(channels: Pick<IamChannels, 'run'>, email: string): BlobSigner {
  // The project has to be the wildcard.
  const name = `projects/-/serviceAccounts/${email}`;
  return {
    email,
    async sign(text) {
      const request = { name, payload: Buffer.from(text) };
      try {
        return await retrying(async () => {
          const [answer] = await channels.run((client) => client.signBlob(request, sendOnce(SIGN_TIMEOUT)));
          const signature = bytes(answer.signedBlob);
          if (signature.length === 0) throw new EmptyAnswer('SignBlob answered without a signature');
          return signature;
        }, policy);
      } catch (cause) {
        throw new Fault('dependency_unavailable', 'The URL cannot be signed right now.', { cause, retryAfter: 2 });
      }
    },
  };
}

const bytes = (value: Uint8Array | string | null | undefined): Uint8Array =>
  typeof value === 'string' ? Buffer.from(value, 'base64') : (value ?? new Uint8Array());
