import { mapInParallel } from '#shared/concurrency/map-in-parallel.ts';
import type { License } from '#shared/model/license.ts';
import { queries } from '#shared/seats/queries.ts';
import type { DocumentReader } from '#shared/store/store.ts';

/** Count queries that run at the same time for one list. */
const WIDTH = 10;

/** The seats in use of each licence of a page, by its id: a count query a licence, which reads no documents. */
export const createCountSeats =
  ({ store }: { readonly store: Pick<DocumentReader, 'count'> }) =>
  async (licenses: readonly Pick<License, 'id'>[]): Promise<ReadonlyMap<string, number>> =>
    new Map(
      await mapInParallel(licenses, WIDTH, async ({ id }) => [id, await store.count(queries.takenSeats(id))] as const),
    );
