import type { SignedUrlRequest } from '#shared/contract/signed-urls.ts';
import { invalid } from '#shared/model/errors.ts';
import { covers } from '#shared/model/media-type.ts';
import { originMetadata, type UploadOrigin } from '#shared/model/upload-origin.ts';

export interface UploadPolicy {
  /** Media ranges, e.g. `image/*`. */
  readonly contentTypes: readonly string[];
  /** Bytes of the largest upload. */
  readonly maxBytes: number;
}

/**
 * The headers that restrict an upload to what was requested and allowed. Cloud Storage enforces each of them, and
 * rejects the URL when a signed header is missing.
 * @throws Fault `invalid_request` naming the member that the policy does not allow
 */
export function uploadHeaders(
  policy: UploadPolicy,
  request: SignedUrlRequest,
  from: UploadOrigin,
): Record<string, string> {
  const { contentType, maxBytes } = uploadLimits(policy, request);
  return {
    'Content-Type': contentType,
    'x-goog-content-length-range': `0,${maxBytes}`,
    ...metadataFields(from),
    ...(request.content_md5 === undefined ? {} : { 'Content-MD5': request.content_md5 }),
    ...(request.create_only ? { 'x-goog-if-generation-match': '0' } : {}),
    // Cloud Storage answers the later requests of a session for the page whose origin the first one had.
    ...(request.origin === undefined ? {} : { Origin: request.origin }),
  };
}

/** Custom metadata, as headers of a request and as fields of a form: what `upload.completed` tells of the upload. */
export const metadataFields = (from: UploadOrigin): Record<string, string> =>
  Object.fromEntries(Object.entries(originMetadata(from)).map(([name, value]) => [`x-goog-meta-${name}`, value]));

/** @throws Fault `invalid_request` naming the member that the policy does not allow */
export function uploadLimits(policy: UploadPolicy, { content_type, max_bytes = policy.maxBytes }: SignedUrlRequest) {
  return { contentType: allowedType(policy, content_type ?? ''), maxBytes: allowedSize(policy, max_bytes) };
}

function allowedType({ contentTypes }: UploadPolicy, contentType: string): string {
  if (covers(contentTypes, contentType)) return contentType;
  throw invalid([{ path: 'content_type', message: `must be one of ${contentTypes.join(', ')}` }]);
}

function allowedSize({ maxBytes: most }: UploadPolicy, maxBytes: number): number {
  if (maxBytes <= most) return maxBytes;
  throw invalid([{ path: 'max_bytes', message: `must be at most ${most}` }]);
}
