import * as z from 'zod';
import { limitInFlight } from '#shared/concurrency/limit-in-flight.ts';
import { shareIdentical } from '#shared/concurrency/share-identical.ts';
import { LARGEST_OBJECT } from '#shared/contract/signed-urls.ts';
import type { BlobSigner } from '#shared/crypto/blob-signer.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { CALLS_PER_CHANNEL, createIamChannels, createIamSigner } from '#shared/gcp/iam.ts';
import { defineFunction } from '#shared/http/function.ts';
import { commonConfig, endpoint, firestoreConfig, uploadBucket } from '#shared/model/config.ts';
import { isMediaRange } from '#shared/model/media-type.ts';
import { signedUrlsRoutes } from './handlers.ts';
import { createSignUrl } from './sign-url.ts';

/** At 150 ms a signature these are 5,000 a second, five times what a project's quota of SignBlob allows (60,000/min). */
const CHANNELS = 8;
/** Requests waiting for a channel: twice those in flight, so the last one waits about a second at worst. */
const MAX_WAITING = 2 * CHANNELS * CALLS_PER_CHANNEL;

const mediaRanges = z
  .string()
  .transform((text) => text.split(',').map((range) => range.trim()))
  .pipe(z.array(z.string().refine(isMediaRange, 'must be media types such as image/png, image/* or */*')));

/**
 * SignBlob over several connections, with bounded concurrency. Concurrent requests to sign the same text share one
 * call: PKCS#1 v1.5 is deterministic, so each would get the same bytes.
 * @param endpoint host:port of a plaintext stand-in; undefined for the service
 */
export function createSigner(account: string, endpoint?: string): { signer: BlobSigner; close: () => Promise<void> } {
  const channels = createIamChannels(CHANNELS, endpoint);
  const limits = { inFlight: CHANNELS * CALLS_PER_CHANNEL, waiting: MAX_WAITING };
  const { email, sign } = createIamSigner(channels, account);
  return {
    signer: { email, sign: shareIdentical(limitInFlight(sign, limits)) },
    close: () => channels.close(),
  };
}

/** Hands out V4 signed URLs for uploads and downloads, signed by IAM with a key that never leaves Google. */
export const signedUrls = defineFunction({
  name: 'signed-urls',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    UPLOAD_BUCKET: uploadBucket,
    SIGNING_ACCOUNT: z
      .email()
      .describe('email of the service account that signs, and with whose rights URLs act; it needs signBlob on itself'),
    ALLOWED_CONTENT_TYPES: mediaRanges.default(['*/*']).describe('what may be uploaded, e.g. image/*,application/pdf'),
    MAX_UPLOAD_BYTES: z.coerce
      .number()
      .int()
      .min(1)
      .max(LARGEST_OBJECT)
      .default(LARGEST_OBJECT)
      .describe(
        'the largest upload, signed into every one that asks for no less; by default what Cloud Storage allows',
      ),
    IAM_ENDPOINT: endpoint.optional().describe('host:port of a plaintext stand-in; unset in production'),
    STORAGE_URL_ORIGIN: z
      .string()
      .regex(/^https?:\/\/[a-z0-9.-]+(:\d+)?$/, 'must be scheme, host and port')
      .optional()
      .describe('where URLs lead in place of https://storage.googleapis.com; unset in production'),
  }),
  compose(config, { clock }) {
    const store = openFirestore(config);
    const { signer, close } = createSigner(config.SIGNING_ACCOUNT, config.IAM_ENDPOINT);
    const signUrl = createSignUrl({
      signer,
      clock,
      bucket: config.UPLOAD_BUCKET,
      origin: config.STORAGE_URL_ORIGIN,
      policy: { contentTypes: config.ALLOWED_CONTENT_TYPES, maxBytes: config.MAX_UPLOAD_BYTES },
    });
    return {
      routes: signedUrlsRoutes(signUrl),
      counter: store,
      people: store,
      close: async () => {
        await Promise.all([store.close(), close()]);
      },
    };
  },
});
