import type { SignedUrl, SignedUrlRequest } from '#shared/contract/signed-urls.ts';
import type { BlobSigner } from '#shared/crypto/blob-signer.ts';
import { appendSignature, createSigningRequest, type SigningRequest } from '#shared/crypto/v4/signing-request.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import { invalid } from '#shared/model/errors.ts';
import { MAX_OBJECT_NAME_BYTES } from '#shared/model/object-name.ts';
import { type UploadPolicy, uploadHeaders } from './upload-policy.ts';

export interface SignUrlOptions {
  readonly signer: BlobSigner;
  readonly clock: Clock;
  readonly bucket: string;
  /** Scheme, host and port in place of `https://storage.googleapis.com`. */
  readonly origin: string | undefined;
  readonly policy: UploadPolicy;
}

export type SignUrl = (tenantId: string, request: SignedUrlRequest) => Promise<SignedUrl>;

/**
 * Signs one URL. It is valid from the start of the current second, so equal requests within a second share a signature.
 * @throws Fault `invalid_request` naming the member at fault, `dependency_unavailable`
 */
export function createSignUrl({ signer, clock, bucket, origin, policy }: SignUrlOptions): SignUrl {
  return async (tenantId, request) => {
    const object = objectName(tenantId, request.filename);
    const headers = uploadHeaders(policy, request);
    const timestamp = Math.floor(clock.now() / 1000) * 1000;
    const expiration = request.expires_minutes * 60;
    const signingRequest = createSigningRequest({
      bucket,
      object,
      method: request.method,
      expiration,
      timestamp,
      clientEmail: signer.email,
      headers,
      ...(origin === undefined ? {} : { clientEndpoint: origin }),
    });
    const signature = await signer.sign(signingRequest.stringToSign);
    return {
      url: appendSignature(signingRequest.unsignedUrl, signature),
      method: request.method === 'RESUMABLE' ? 'POST' : request.method,
      blob_name: object,
      content_type: request.content_type ?? null,
      expires_at: formatTime(timestamp + expiration * 1000),
      headers: clientHeaders(signingRequest),
    };
  };
}

function objectName(tenantId: string, filename: string): string {
  const name = `${tenantId}/${filename}`;
  if (Buffer.byteLength(name) <= MAX_OBJECT_NAME_BYTES) return name;
  throw invalid([
    {
      path: 'filename',
      message: `is too long: with the tenant id before it, an object name has at most ${MAX_OBJECT_NAME_BYTES} bytes`,
    },
  ]);
}

/** The headers that the client must send, with the values that were signed and the usual spelling of the names. */
const clientHeaders = ({ headers }: SigningRequest): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [USUAL_NAMES[name] ?? name, value]));

const USUAL_NAMES: Readonly<Record<string, string>> = { 'content-type': 'Content-Type', 'content-md5': 'Content-MD5' };
