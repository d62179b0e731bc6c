import * as z from 'zod';
import { signingKeyConfig } from './config.ts';

/** The settings of both sealing and opening. */
export const payloadConfig = z.object({
  PAYLOAD_BUCKET: z.string().min(3).describe('bucket of the sealed payloads'),
  PAYLOAD_KEY: signingKeyConfig.shape.SIGNING_KEY.describe('resource name of the key that wraps the payloads’ keys'),
  KMS_ENDPOINT: signingKeyConfig.shape.KMS_ENDPOINT,
  STORAGE_ENDPOINT: z.url().optional().describe('base URL of a stand-in; unset in production'),
});

/** How long the bucket keeps a payload that no worker took. Only the sealing side needs to know. */
export const payloadRetention = z.coerce
  .number()
  .int()
  .min(1)
  .max(365)
  .default(30)
  .describe('days after which the bucket deletes a payload that no worker took; the task’s record outlives it');
