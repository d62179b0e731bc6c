import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAcquire } from '#functions/seats/acquire.ts';
import { systemClock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import { machineId } from '#shared/model/session-id.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import { type Database, openDatabase } from '../database.ts';
import { FIRESTORES } from '../firestores.ts';
import { acquireRequest, createInstance, EVERYTHING } from '../instance.ts';
import { readView } from '../view.ts';
import { createWorld } from '../world.ts';

const HARDWARE = 'slow-machine';
const random = () => 0.5;

describe.for(FIRESTORES)('on $name', ({ present, start }) => {
  let database: Database;
  beforeAll(async () => {
    if (present) database = await openDatabase(start, 1);
  }, 90_000);
  afterAll(() => database?.close());

  /**
   * An acquire that reads the licence, then is overtaken by a whole change of `lease_per`, then reads the open seats.
   * @param forget changes what it has read of the licence
   * @returns the holders of the sessions afterwards, and of the machine that was slow
   */
  async function overtaken(forget: (document: Awaited<ReturnType<DocumentStore['get']>>[number]) => typeof document) {
    const { plain } = database;
    const world = await createWorld({
      stores: [],
      plain,
      clock: systemClock,
      skews: [],
      random,
      seats: 2,
      release: 'at_once',
    });
    const { licenseId } = world;
    const { licenses } = createInstance({ store: plain, clock: systemClock, random });
    const read = Promise.withResolvers<void>();
    const changed = Promise.withResolvers<void>();
    let isFirst = true;
    const store: DocumentStore = {
      ...plain,
      async get(wanted) {
        const documents = await plain.get(wanted);
        if (!isFirst) return documents;
        isFirst = false;
        read.resolve();
        await changed.promise;
        return documents.map((document) => (document?.path === paths.license(licenseId) ? forget(document) : document));
      },
      async query(query) {
        await changed.promise;
        return plain.query(query);
      },
    };
    const sign = async () => ({ license_token: 'unsigned' });
    const acquire = createAcquire({ store, clock: systemClock, random, sign });
    const acquired = acquire(acquireRequest(world.keyFor(true).key, HARDWARE)).catch((error: unknown) => error);
    await read.promise;
    await licenses.change(EVERYTHING, licenseId, { lease_per: 'process' });
    changed.resolve();
    const answer = await acquired;
    const { sessions } = await readView(plain, licenseId);
    return {
      answer: isFault(answer) ? answer.code : 'acquired',
      holders: [...sessions.values()].map(({ holder }) => holder),
      machine: machineId(licenseId, HARDWARE),
    };
  }

  test.skipIf(!present)('an acquire that has read the old kind takes no seat of the new one', async () => {
    expect(await overtaken((document) => document)).toMatchObject({ answer: 'invalid_request', holders: [] });
  });

  test.skipIf(!present)('it would, if it took seats that are newer than the licence that it has read', async () => {
    const { holders, machine } = await overtaken(
      (document) => document && { ...document, fields: { ...document.fields, next_seat: 1_000 } },
    );
    expect(holders).toEqual([machine]);
  });
});
