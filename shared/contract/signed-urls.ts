import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { isMediaType, MAX_MEDIA_TYPE_CHARACTERS } from '../model/media-type.ts';
import { filenameFault, MAX_FILENAME_BYTES } from '../model/object-name.ts';
import { time } from './schemas.ts';

/** 12 hours: for so long a signature of SignBlob is sure to verify, since Google rotates the key behind it. */
const MAX_EXPIRES_MINUTES = 720;
export const MAX_BATCH = 100;
/** 5 TiB, the largest object of Cloud Storage. */
const LARGEST_OBJECT = 5 * 2 ** 40;

/** A tenant's id becomes the first segment of its objects' names, so it must be one. */
export const tenantId = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be 1 to 128 of A-Z a-z 0-9 _ -');

const filename = z
  .string()
  .superRefine((name, context) => {
    const message = filenameFault(name);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .describe(`the object's name below the tenant's prefix, at most ${MAX_FILENAME_BYTES} bytes of UTF-8`);

export const signedUrlRequest = z
  .strictObject({
    filename,
    content_type: z
      .string()
      .refine(isMediaType, `must be a media type of at most ${MAX_MEDIA_TYPE_CHARACTERS} characters`)
      .optional()
      .describe('needed for PUT and RESUMABLE'),
    expires_minutes: z.number().int().min(1).max(MAX_EXPIRES_MINUTES).default(15),
    method: z
      .enum(['PUT', 'GET', 'RESUMABLE'])
      .default('PUT')
      .describe('PUT uploads in one request, RESUMABLE starts an upload that can be continued, GET downloads'),
    max_bytes: z.number().int().min(1).max(LARGEST_OBJECT).optional().describe('the largest upload to accept'),
    content_md5: z
      .string()
      .regex(/^[A-Za-z0-9+/]{21}[AQgw]==$/, 'must be the base64 of 16 bytes')
      .optional()
      .describe('base64 of the MD5 of what will be uploaded'),
    create_only: z.boolean().optional().describe('the upload fails if there is an object of this name'),
    tenant_id: tenantId.optional().describe('services and staff name the tenant, others have one'),
  })
  .superRefine((wish, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (wish.method !== 'GET') {
      if (wish.content_type === undefined) issue('content_type', 'is needed for an upload');
      return;
    }
    const ofUploads = { max_bytes: wish.max_bytes, content_md5: wish.content_md5, create_only: wish.create_only };
    for (const [name, value] of Object.entries(ofUploads)) {
      if (value !== undefined && value !== false) issue(name, 'has a meaning for uploads alone');
    }
  });

export type SignedUrlRequest = z.output<typeof signedUrlRequest>;

const signedUrl = z.object({
  url: z.string(),
  method: z.enum(['PUT', 'GET', 'POST']).describe('to send; POST for RESUMABLE'),
  blob_name: z.string(),
  content_type: z.string().nullable(),
  expires_at: time,
  headers: z.record(z.string(), z.string()).describe('what the client must send, all of it and as it stands'),
});

export type SignedUrl = z.output<typeof signedUrl>;

const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  request_id: z.string(),
});

/** A request in a batch is judged by itself, so that one which does not fit fails alone. */
const { $schema: _, ...requestSchema } = z.toJSONSchema(signedUrlRequest, { io: 'input' });
const judgedAlone = z.unknown().meta(requestSchema);

const access = ['service', 'staff', 'owner', 'admin', 'member', 'guest'] as const;

export const signUrl = defineRoute({
  id: 'signUrl',
  method: 'POST',
  path: '/signed-url',
  access,
  summary: 'A URL to upload or download one object',
  description:
    'The object is `{tenant_id}/{filename}`. Whatever the request bounds (type, size, MD5, create-only) is signed: ' +
    'the upload must carry all `headers` as they stand. Guests may only download.',
  body: signedUrlRequest,
  responses: { 200: { description: 'The URL', schema: signedUrl } },
  errors: ['dependency_unavailable'],
});

export const signUrls = defineRoute({
  id: 'signUrls',
  method: 'POST',
  path: '/api/v1/signed-urls',
  access,
  summary: 'Up to a hundred URLs at once',
  description: 'Each request is answered for itself, in order: with its URL, or with the problem that it has.',
  body: z.strictObject({ requests: z.array(judgedAlone).min(1).max(MAX_BATCH) }),
  bodyLimit: 1024 * 1024,
  responses: {
    200: { description: 'In order', schema: z.object({ results: z.array(z.union([signedUrl, problem])) }) },
  },
});
