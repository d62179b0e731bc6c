import { createGroupCommit } from '#shared/concurrency/group-commit.ts';
import { readKey } from '#shared/model/key-record.ts';
import { readLicense } from '#shared/model/license.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import type { AcquireRequest } from './acquire-request.ts';
import type { AcquireOutcome } from './attempt.ts';
import { licenseNotFound } from './eligibility.ts';
import type { KeyStanding, ReadKeys } from './key-standing.ts';

/** A hundred claims are 300 writes; larger groups are hardly faster, and lose more when they lose a race (docs/seats.md). */
const MAX_GROUP = 100;
const MAX_WAITING = 5_000;

export interface LanesOptions {
  readonly store: Pick<DocumentReader, 'get'>;
  readonly keys: KeyStanding;
  /** Serves a group of requests of one licence; one outcome for each, in order. */
  readonly acquire: (licenseId: string, requests: readonly AcquireRequest[]) => Promise<readonly AcquireOutcome[]>;
}

/**
 * Groups requests of one licence, in two lanes: one for keys that were seen to be good here, one for all others, so that
 * whoever guesses keys does not stand before the licence's own machines. In each lane one group of a licence is in
 * flight. A group of strangers with several keys is first asked for its keys alone, all of them in one read; who has a
 * good one changes to the other lane.
 */
export function createLanes({
  store,
  keys,
  acquire,
}: LanesOptions): (request: AcquireRequest) => Promise<AcquireOutcome> {
  const limits = { maxGroup: MAX_GROUP, maxWaiting: MAX_WAITING };
  const own = createGroupCommit<AcquireRequest, AcquireOutcome>({ ...limits, run: acquire });
  const strangers = createGroupCommit<AcquireRequest, AcquireOutcome>({ ...limits, run: admit });

  async function admit(licenseId: string, requests: readonly AcquireRequest[]) {
    if (requests.length === 1) return acquire(licenseId, requests);
    const unknown = requests.filter((request) => keys.of(request) === 'unknown');
    const hashes = [...new Set(unknown.map(({ keyHash }) => keyHash))];
    if (hashes.length === 1 && unknown.length === requests.length) return acquire(licenseId, requests);
    if (hashes.length > 0) {
      const read = await readKeys(store, licenseId, hashes);
      for (const request of unknown) keys.learn(request, read);
    }
    const good = requests.filter((request) => keys.of(request) === 'good');
    const outcomes = own.submitAll(licenseId, good);
    return requests.map((request) => outcomes[good.indexOf(request)] ?? refused());
  }

  return (request) => {
    const standing = keys.of(request);
    if (standing === 'bad') return Promise.resolve(refused());
    return (standing === 'good' ? own : strangers).submit(request.key.licenseId, request);
  };
}

const refused = (): AcquireOutcome => ({ kind: 'refused', fault: licenseNotFound() });

async function readKeys(store: LanesOptions['store'], licenseId: string, hashes: readonly string[]): Promise<ReadKeys> {
  const [license, ...found] = await store.get([
    paths.license(licenseId),
    ...hashes.map((hash) => paths.key(licenseId, hash)),
  ]);
  return {
    license: license && readLicense(license),
    keys: new Map(found.flatMap((document) => (document === undefined ? [] : [[document.id, readKey(document)]]))),
  };
}
