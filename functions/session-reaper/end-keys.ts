import type { Clock } from '#shared/model/clock.ts';
import { KEY_ENDING_RETENTION, keyEndingFields } from '#shared/model/key-record.ts';
import type { EndedOfKey, EndSessionsOfKey } from '#shared/seats/key-sessions.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import { CommitError, type Document, type DocumentStore } from '#shared/store/store.ts';

export interface EndKeysOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly endSessionsOfKey: EndSessionsOfKey;
}

const MAX_KEYS = 1_000;
const PAGE = 200;

/**
 * Ends the sessions of keys that ended together with them. A key is looked at for some minutes more, because a request
 * that read it before its end may take a seat afterwards.
 * @param inTime whether there is time to begin something
 */
export type EndKeys = (inTime: () => boolean) => Promise<EndedOfKey>;

export function createEndKeys({ store, clock, endSessionsOfKey }: EndKeysOptions): EndKeys {
  async function endAll(keyId: string, inTime: () => boolean): Promise<EndedOfKey> {
    let [ended, found] = [0, 0];
    while (inTime()) {
      const page = await endSessionsOfKey(keyId, PAGE, inTime);
      ended += page.ended;
      found += page.found;
      // Without progress the rest is left to the next run.
      if (page.found < PAGE || page.ended === 0) break;
    }
    return { ended, found };
  }

  /** Forgets a key, unless somebody has ended it again since. */
  async function forget({ id, updateTime: lastUpdateTime }: Document): Promise<void> {
    const path = paths.keyEnding(id);
    await store.commit([{ op: 'delete', path, precondition: { lastUpdateTime } }]).catch((error: unknown) => {
      if (!(error instanceof CommitError)) throw error;
    });
  }

  return async (inTime) => {
    let [ended, found] = [0, 0];
    for (const ending of inTime() ? await store.query(queries.dueKeyEndings(clock.now(), MAX_KEYS)) : []) {
      if (!inTime()) break;
      const sessions = await endAll(ending.id, inTime);
      ended += sessions.ended;
      found += sessions.found;
      const { due } = keyEndingFields.parse(ending.fields);
      if (sessions.found === sessions.ended && due + KEY_ENDING_RETENTION <= clock.now()) await forget(ending);
    }
    return { ended, found };
  };
}
