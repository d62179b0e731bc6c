import { createHash } from 'node:crypto';
import { eventWrite, type NewEvent } from '#shared/events/outbox.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { auditId } from '#shared/model/audit.ts';
import { Fault } from '#shared/model/errors.ts';
import { eventPath } from '#shared/model/event.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';
import type { CompletedUpload } from './notification.ts';

/**
 * Writes the event of a completed upload. Its id follows from bucket, name and generation, so however often and by how
 * many instances a notification is taken, there is one event.
 * @throws Fault `dependency_unavailable` when it may not be written; Pub/Sub pushes again
 */
export function createRecordUpload({ store }: { readonly store: Pick<DocumentStore, 'get' | 'commit'> }) {
  return async (upload: CompletedUpload): Promise<'recorded' | 'duplicate'> => {
    const id = eventIdOf(upload);
    const isKnown = async () => (await store.get([eventPath(id)]))[0] !== undefined;
    if (await isKnown()) return 'duplicate';
    try {
      await store.commit([eventWrite(id, eventOf(upload), upload.createdAt)]);
      return 'recorded';
    } catch (error) {
      if (!(error instanceof CommitError)) throw error;
      if (await isKnown()) return 'recorded';
      throw new Fault('dependency_unavailable', 'The event could not be written.', { cause: error, retryAfter: 1 });
    }
  };
}

function eventIdOf({ bucket, object, generation, createdAt }: CompletedUpload): string {
  const name = createHash('sha256')
    .update(JSON.stringify([bucket, object, generation]))
    .digest('hex')
    .slice(0, 24);
  return auditId(createdAt, name);
}

const eventOf = (upload: CompletedUpload): NewEvent => ({
  type: 'upload.completed',
  tenantId: upload.tenantId,
  data: {
    object: upload.object,
    size: upload.size,
    content_type: upload.contentType,
    md5: upload.md5,
    tenant_id: upload.tenantId,
    requested_by: upload.requestedBy,
    generation: upload.generation,
    created_at: formatTime(upload.createdAt),
  },
});
