import * as z from 'zod';
import * as contract from '#shared/contract/upload-events.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { defineFunction } from '#shared/http/function.ts';
import { bind } from '#shared/http/validate.ts';
import { commonConfig, firestoreConfig, uploadBucket } from '#shared/model/config.ts';
import { readNotification } from './notification.ts';
import { createRecordUpload } from './record.ts';

/** Takes the upload bucket's notifications, which Pub/Sub pushes, and makes events of them. */
export const uploadEvents = defineFunction({
  name: 'upload-events',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    UPLOAD_BUCKET: uploadBucket,
  }),
  compose(config) {
    const store = openFirestore(config);
    const record = createRecordUpload({ store });
    return {
      routes: [
        bind(contract.uploadCompleted, async ({ body }) => {
          const upload = readNotification(body, config.UPLOAD_BUCKET);
          return { status: 200, body: { outcome: upload === undefined ? 'ignored' : await record(upload) } };
        }),
      ],
      close: () => store.close(),
    };
  },
});
