import * as z from 'zod';
import { eventWrite } from '#shared/events/outbox.ts';
import { licenseEvent } from '#shared/licenses/license-event.ts';
import { newAuditId } from '#shared/model/audit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { readLicense } from '#shared/model/license.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import { CommitError, type Document, type DocumentStore, type Write } from '#shared/store/store.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';

export interface SeatLevelsOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
}

const PAGE = 200;
const mark = z.object({ license_id: z.string() });

/**
 * Tells when a licence has run out of seats, and when it has some again: of each once, by the state that is kept beside the
 * event in one commit. A licence that fills and empties between two looks is told of as it is.
 */
export function createTellOfSeats({ store, clock }: SeatLevelsOptions) {
  return async (inTime: () => boolean): Promise<void> => {
    const marks = await store.query(webhookQueries.dueSeatLevels(clock.now(), PAGE));
    for (const [licenseId, own] of Map.groupBy(marks, ({ fields }) => mark.parse(fields).license_id)) {
      if (!inTime()) return;
      await look(licenseId, own);
    }
  };

  async function look(licenseId: string, marks: readonly Document[]): Promise<void> {
    const statePath = `seat_states/${licenseId}`;
    const [[licenseDocument, state], used] = await Promise.all([
      store.get([paths.license(licenseId), statePath]),
      store.count(queries.takenSeats(licenseId)),
    ]);
    const done = marks.map(({ path, updateTime: lastUpdateTime }): Write => {
      return { op: 'delete', path, precondition: { lastUpdateTime } };
    });
    const license = licenseDocument && readLicense(licenseDocument);
    const exhausted = license !== undefined && license.status === 'active' && used >= license.max_seats;
    if (license === undefined || exhausted === (state?.fields['exhausted'] ?? false)) return commit(done);
    const now = clock.now();
    const fields = { exhausted };
    const told = licenseEvent(exhausted ? 'seats.exhausted' : 'seats.available', license, undefined, {
      seats_used: used,
      seats_total: license.max_seats,
    });
    await commit([
      state === undefined
        ? { op: 'create', path: statePath, fields }
        : { op: 'update', path: statePath, fields, lastUpdateTime: state.updateTime },
      eventWrite(newAuditId(now), told, now),
      ...done,
    ]);
  }

  /** What fails was marked again meanwhile, or done by another dispatcher: the next run looks. */
  async function commit(writes: readonly Write[]): Promise<void> {
    await store.commit(writes).catch((error: unknown) => {
      if (!(error instanceof CommitError)) throw error;
    });
  }
}
