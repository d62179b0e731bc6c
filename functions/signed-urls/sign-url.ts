import type { SignedUrl, SignedUrlRequest } from '#shared/contract/signed-urls.ts';
import type { BlobSigner } from '#shared/crypto/blob-signer.ts';
import { createPostPolicy, signedFields } from '#shared/crypto/v4/post-policy.ts';
import { appendSignature, createSigningRequest, type SigningRequest } from '#shared/crypto/v4/signing-request.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { isActiveContent } from '#shared/model/active-content.ts';
import type { Clock } from '#shared/model/clock.ts';
import { attachment } from '#shared/model/content-disposition.ts';
import { invalid } from '#shared/model/errors.ts';
import { MAX_OBJECT_NAME_BYTES } from '#shared/model/object-name.ts';
import type { UploadOrigin } from '#shared/model/upload-origin.ts';
import { metadataFields, type UploadPolicy, uploadHeaders, uploadLimits } from './upload-policy.ts';

export interface SignUrlOptions {
  readonly signer: BlobSigner;
  readonly clock: Clock;
  readonly bucket: string;
  /** Scheme, host and port in place of `https://storage.googleapis.com`. */
  readonly origin: string | undefined;
  readonly policy: UploadPolicy;
}

export type SignUrl = (origin: UploadOrigin, request: SignedUrlRequest) => Promise<SignedUrl>;

/**
 * Signs one URL or form. It is valid from the start of the current second, so equal requests within a second share a
 * signature.
 * @throws Fault `invalid_request` naming the member at fault, `dependency_unavailable`
 */
export function createSignUrl({ signer, clock, bucket, origin, policy }: SignUrlOptions): SignUrl {
  const endpoint = origin === undefined ? {} : { clientEndpoint: origin };

  return async (from, request) => {
    const object = objectName(from.tenantId, request.filename);
    const timestamp = Math.floor(clock.now() / 1000) * 1000;
    const expiration = request.expires_minutes * 60;
    const place = { ...endpoint, from, bucket, object, timestamp, expiration, clientEmail: signer.email };
    const signed =
      request.method === 'POST' ? await signForm(place, request) : await signRequest(place, request, request.method);
    return {
      ...signed,
      blob_name: object,
      content_type: request.content_type ?? null,
      expires_at: formatTime(timestamp + expiration * 1000),
    };
  };

  async function signRequest(
    { from, ...place }: Place,
    request: SignedUrlRequest,
    method: 'PUT' | 'GET' | 'RESUMABLE',
  ) {
    const signing = createSigningRequest({
      ...place,
      method,
      ...(method === 'GET' ? downloadParameters(request) : { headers: uploadHeaders(policy, request, from) }),
    });
    const signature = await signer.sign(signing.stringToSign);
    const sent = method === 'RESUMABLE' ? ('POST' as const) : method;
    return { url: appendSignature(signing.unsignedUrl, signature), method: sent, headers: clientHeaders(signing) };
  }

  async function signForm({ from, ...place }: Place, request: SignedUrlRequest) {
    const { contentType, maxBytes } = uploadLimits(policy, request);
    const form = createPostPolicy({
      ...place,
      fields: { 'content-type': contentType, ...metadataFields(from) },
      conditions: { contentLengthRange: [0, maxBytes] },
    });
    const signature = await signer.sign(form.policy);
    return { url: form.url, method: 'POST' as const, headers: {}, fields: signedFields(form, signature) };
  }
}

interface Place {
  readonly from: UploadOrigin;
  readonly bucket: string;
  readonly object: string;
  readonly timestamp: number;
  readonly expiration: number;
  readonly clientEmail: string;
  readonly clientEndpoint?: string;
}

/** What a browser would run it saves instead: it would run with the rights of Cloud Storage's origin. */
function downloadParameters({ filename, content_type, download_as }: SignedUrlRequest) {
  if (download_as === undefined && !isActiveContent(filename, content_type)) return {};
  return { queryParameters: { 'response-content-disposition': attachment(download_as) } };
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

const USUAL_NAMES: Readonly<Record<string, string>> = {
  'content-type': 'Content-Type',
  'content-md5': 'Content-MD5',
  origin: 'Origin',
};
