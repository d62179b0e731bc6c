import { deliveryPath, readDelivery } from '../model/delivery.ts';
import { CommitError, type DocumentStore, type Write } from '../store/store.ts';
import { webhookQueries } from './queries.ts';

/**
 * Ends what is pending at an endpoint that is no more: `failed` when it was disabled, so that it can be recovered as a
 * whole, `dropped` when it was deleted. What is being sent at this moment is left: it ends by itself, as does what is left
 * after a failure, when it is due.
 * @throws Fault `dependency_unavailable`
 */
export type EndPending = (webhookId: string, status: 'failed' | 'dropped') => Promise<void>;

const PAGE = 300;
const PAGES = 20;

export function createEndPending({ store }: { readonly store: DocumentStore }): EndPending {
  return async (webhookId, status) => {
    for (let page = 0; page < PAGES; page += 1) {
      const documents = await store.query(webhookQueries.pendingDeliveriesOf(webhookId, PAGE));
      const idle = documents.map(readDelivery).filter(({ lease }) => lease === null);
      const writes = idle.map(
        ({ id, updateTime: lastUpdateTime }): Write => ({
          op: 'update',
          path: deliveryPath(id),
          fields: { status, due: null },
          lastUpdateTime,
        }),
      );
      if (writes.length === 0) return;
      await store.writeEach(writes).catch((error: unknown) => {
        if (!(error instanceof CommitError)) throw error;
      });
      if (documents.length < PAGE) return;
    }
  };
}
