import type * as z from 'zod';
import { createKmsClient } from '#shared/gcp/kms.ts';
import { createKmsUnwrapper } from '#shared/gcp/kms-envelope.ts';
import { createBucket, createObjects } from '#shared/gcp/storage.ts';
import type { openingConfig } from './config.ts';
import type { PayloadPorts } from './payload.ts';

/** The ports of the worker as Google's services offer them. */
export function openPorts(config: z.output<typeof openingConfig>): PayloadPorts & { close(): Promise<void> } {
  const kms = createKmsClient(config.KMS_ENDPOINT);
  const bucket = createBucket({
    projectId: config.PROJECT_ID,
    bucket: config.PAYLOAD_BUCKET,
    endpoint: config.STORAGE_ENDPOINT,
  });
  return {
    objects: createObjects(bucket),
    unwrapper: createKmsUnwrapper(kms, config.PAYLOAD_KEY),
    close: () => kms.close(),
  };
}
