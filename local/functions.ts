import { admin } from '#functions/admin/index.ts';
import { billing } from '#functions/billing/index.ts';
import { consoleFunction } from '#functions/console/index.ts';
import { docs } from '#functions/docs/index.ts';
import { keyRotation } from '#functions/key-rotation/index.ts';
import { licenseSigning } from '#functions/license-signing/index.ts';
import { publicKeys } from '#functions/public-keys/index.ts';
import { seats } from '#functions/seats/index.ts';
import { sessionReaper } from '#functions/session-reaper/index.ts';
import { signedUrls } from '#functions/signed-urls/index.ts';
import { taskPayloads } from '#functions/task-payloads/index.ts';
import { uploadEvents } from '#functions/upload-events/index.ts';
import { webhookDelivery } from '#functions/webhook-delivery/index.ts';
import type { Deployable } from '#shared/http/function.ts';

/** Everything that is deployed as an HTTP function. */
export const FUNCTIONS: readonly Deployable[] = [
  publicKeys,
  seats,
  sessionReaper,
  keyRotation,
  licenseSigning,
  signedUrls,
  taskPayloads,
  admin,
  billing,
  webhookDelivery,
  uploadEvents,
  docs,
  consoleFunction,
];
