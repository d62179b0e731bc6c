import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { downloadNameFault, MAX_DOWNLOAD_NAME_BYTES } from '../model/content-disposition.ts';
import { isMediaType, MAX_MEDIA_TYPE_CHARACTERS } from '../model/media-type.ts';
import { FILENAME_PLACEHOLDER, filenameFault, MAX_FILENAME_BYTES } from '../model/object-name.ts';
import { problem, time, validatedAlone } from './schemas.ts';

/** 12 hours: Google rotates the key behind SignBlob, and guarantees that a signature verifies for this long. */
const MAX_EXPIRES_MINUTES = 720;
export const MAX_BATCH = 100;
/** 5 TiB, the largest object of Cloud Storage. */
export const LARGEST_OBJECT = 5 * 2 ** 40;

/** The tenant id is the first segment of its objects' names, so it must be a valid segment. */
export const tenantId = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be 1 to 128 of A-Z a-z 0-9 _ -');

const filename = z
  .string()
  .superRefine((name, context) => {
    const message = filenameFault(name);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .describe(`the object's name below the tenant's prefix, at most ${MAX_FILENAME_BYTES} bytes of UTF-8`);

/** Members that have a meaning for some methods only. */
const ONLY_FOR = [
  { member: 'max_bytes', methods: ['PUT', 'RESUMABLE', 'POST'], because: 'applies to uploads only' },
  { member: 'content_md5', methods: ['PUT', 'RESUMABLE'], because: 'applies to PUT and RESUMABLE only' },
  { member: 'create_only', methods: ['PUT', 'RESUMABLE'], because: 'applies to PUT and RESUMABLE only' },
  { member: 'download_as', methods: ['GET'], because: 'applies to downloads only' },
  { member: 'origin', methods: ['RESUMABLE'], because: 'applies to RESUMABLE only' },
] as const;

export const signedUrlRequest = z
  .strictObject({
    filename,
    content_type: z
      .string()
      .refine(isMediaType, `must be a media type of at most ${MAX_MEDIA_TYPE_CHARACTERS} characters`)
      .optional()
      .describe('needed for uploads; of a download it decides whether a browser may show it'),
    expires_minutes: z.number().int().min(1).max(MAX_EXPIRES_MINUTES).default(15),
    method: z
      .enum(['PUT', 'GET', 'RESUMABLE', 'POST'])
      .default('PUT')
      .describe(
        'PUT uploads in one request, RESUMABLE starts an upload that can be continued, POST is the form of a web page, ' +
          'GET downloads',
      ),
    max_bytes: z
      .number()
      .int()
      .min(1)
      .max(LARGEST_OBJECT)
      .optional()
      .describe('the largest upload to accept; by default the deployment’s limit'),
    content_md5: z
      .string()
      .regex(/^[A-Za-z0-9+/]{21}[AQgw]==$/, 'must be the base64 of 16 bytes')
      .optional()
      .describe('base64 of the MD5 of what will be uploaded'),
    create_only: z.boolean().optional().describe('the upload fails when an object with this name exists'),
    download_as: z
      .string()
      .superRefine((name, context) => {
        const message = downloadNameFault(name);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      })
      .optional()
      .describe(`of a download, the name under which it is saved; at most ${MAX_DOWNLOAD_NAME_BYTES} bytes of UTF-8`),
    origin: z
      .string()
      .regex(/^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/, 'must be scheme, host and port, as browsers send it')
      .optional()
      .describe(
        'of RESUMABLE, the origin of the page that will upload: whoever starts the session sends it, and Cloud Storage ' +
          'lets that page go on',
      ),
    tenant_id: tenantId.optional().describe('required for services and staff; other callers have one tenant'),
  })
  .superRefine((request, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    for (const { member, methods, because } of ONLY_FOR) {
      const value = request[member];
      if (value === undefined || value === false) continue;
      if (!methods.some((method) => method === request.method)) issue(member, because);
    }
    if (request.method === 'GET') return;
    if (request.content_type === undefined) issue('content_type', 'is needed for an upload');
    if (request.method === 'POST' && request.filename.includes(FILENAME_PLACEHOLDER))
      issue(
        'filename',
        `has ${FILENAME_PLACEHOLDER}, in whose place Cloud Storage would put the name of the file that is sent`,
      );
  });

export type SignedUrlRequest = z.output<typeof signedUrlRequest>;

const signedUrl = z.object({
  url: z.string(),
  method: z.enum(['PUT', 'GET', 'POST']).describe('to send; POST for RESUMABLE'),
  blob_name: z.string(),
  content_type: z.string().nullable(),
  expires_at: time,
  headers: z.record(z.string(), z.string()).describe('headers that the client must send, all of them and unchanged'),
  fields: z
    .record(z.string(), z.string())
    .optional()
    .describe('of POST: the fields of the form (multipart/form-data), all of them and unchanged, before `file`'),
});

export type SignedUrl = z.output<typeof signedUrl>;

const access = ['service:urls', 'staff', 'owner', 'admin', 'member', 'guest'] as const;

/** The requests of a batch that has not been validated yet. */
const requestsIn = (body: unknown): readonly unknown[] =>
  typeof body === 'object' && body !== null && 'requests' in body && Array.isArray(body.requests) ? body.requests : [];

export const signUrl = defineRoute({
  id: 'signUrl',
  method: 'POST',
  path: '/signed-url',
  access,
  summary: 'A URL to upload or download one object',
  description:
    'The object is `{tenant_id}/{filename}`. The signature covers the limits of the request (type, size, MD5, ' +
    'create-only): the upload must send all `headers` unchanged. POST answers the `fields` of a form, whose last field is ' +
    '`file`. What a browser would run (HTML, SVG, XML, scripts) is downloaded, never shown. Guests may only download.',
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
  description:
    'Each request has its own result, in the same order: a URL, or a problem. Against the limit of the caller the batch ' +
    'counts as that many requests.',
  body: z.strictObject({ requests: z.array(validatedAlone(signedUrlRequest)).min(1).max(MAX_BATCH) }),
  bodyLimit: 1024 * 1024,
  countsAs: (body) => Math.min(MAX_BATCH, requestsIn(body).length),
  responses: {
    200: {
      description: 'The results, in the order of the requests',
      schema: z.object({ results: z.array(z.union([signedUrl, problem])) }),
    },
  },
});
