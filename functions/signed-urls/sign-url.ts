import type { SignedUrl, SignedUrlRequest } from '#shared/contract/signed-urls.ts';
import type { BlobSigner } from '#shared/crypto/blob-signer.ts';
import { appendSignature, createSigningRequest, type SigningRequest } from '#shared/crypto/v4/signing-request.ts';
import type { Clock } from '#shared/model/clock.ts';
import { invalid } from '#shared/model/errors.ts';
import { MAX_OBJECT_NAME_BYTES } from '#shared/model/object-name.ts';
import { formatTime } from '#shared/model/time.ts';
import { type UploadPolicy, uploadHeaders } from './upload-policy.ts';

export interface SignUrlOptions {
  readonly signer: BlobSigner;
  readonly clock: Clock;
  readonly bucket: string;
  /** Scheme, host and port in place of `https://storage.googleapis.com`. */
  readonly origin: string | undefined;
  readonly policy: UploadPolicy;
}

export type SignUrl = (tenantId: string, wish: SignedUrlRequest) => Promise<SignedUrl>;

/**
 * Signs one URL. It holds from the second it is signed in, so equal requests within a second are one signature.
 * @throws Fault `invalid_request` naming the member at fault, `dependency_unavailable`
 */
export function createSignUrl({ signer, clock, bucket, origin, policy }: SignUrlOptions): SignUrl {
  return async (tenantId, wish) => {
    const object = objectName(tenantId, wish.filename);
    const headers = uploadHeaders(policy, wish);
    const timestamp = Math.floor(clock.now() / 1000) * 1000;
    const expiration = wish.expires_minutes * 60;
    const request = createSigningRequest({
      bucket,
      object,
      method: wish.method,
      expiration,
      timestamp,
      clientEmail: signer.email,
      headers,
      ...(origin === undefined ? {} : { clientEndpoint: origin }),
    });
    const signature = await signer.sign(request.stringToSign);
    return {
      url: appendSignature(request.unsignedUrl, signature),
      method: wish.method === 'RESUMABLE' ? 'POST' : wish.method,
      blob_name: object,
      content_type: wish.content_type ?? null,
      expires_at: formatTime(timestamp + expiration * 1000),
      headers: toSend(request),
    };
  };
}

function objectName(tenantId: string, filename: string): string {
  const name = `${tenantId}/${filename}`;
  if (Buffer.byteLength(name) <= MAX_OBJECT_NAME_BYTES) return name;
  throw invalid([{ path: 'filename', message: 'is too long for a tenant with so long an id' }]);
}

/** As signed, white space folded, under the names that documentation and tools show. */
const toSend = ({ headers }: SigningRequest): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [USUAL_NAMES[name] ?? name, value]));

const USUAL_NAMES: Readonly<Record<string, string>> = { 'content-type': 'Content-Type', 'content-md5': 'Content-MD5' };
