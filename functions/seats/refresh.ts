import { createGroupCommit } from '#shared/concurrency/group-commit.ts';
import type { LicenseKey } from '#shared/license-format/license-key.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { readKey } from '#shared/model/key-record.ts';
import { type License, readLicense } from '#shared/model/license.ts';
import { borrowedUntil, readSession } from '#shared/model/session.ts';
import { deriveSessionName, handleOf, machineId } from '#shared/model/session-id.ts';
import { paths } from '#shared/seats/paths.ts';
import type { Document, DocumentReader } from '#shared/store/store.ts';
import { ineligibility } from './eligibility.ts';

/** What a heartbeat brings when it wants the licence signed again. */
export interface RefreshRequest {
  readonly sessionId: string;
  readonly key: LicenseKey;
  /** The id of the key's document. */
  readonly keyHash: string;
  readonly hardwareId: string;
}

export interface Refreshable {
  readonly license: License;
  /** As the session has it from its acquire. */
  readonly userEmail: string | null;
  /** Until when the session is borrowed; milliseconds since the epoch. */
  readonly borrowedUntil: number | undefined;
}

/** Checks that session, machine and licence key belong together; one RPC for all that ask while one is under way. */
export type CheckRefresh = (request: RefreshRequest) => Promise<Refreshable>;

/**
 * A session id derives from the licence key and a nonce, and the session's document has that nonce and its machine, so
 * that document alone shows whether the three belong together.
 * @throws Fault `forbidden` when they do not, or the key has ended; it does not tell which
 */
export function createCheckRefresh({
  store,
  clock,
}: {
  store: Pick<DocumentReader, 'get'>;
  clock: Clock;
}): CheckRefresh {
  const read = createGroupedReads(store);
  return async ({ sessionId, key, keyHash, hardwareId }) => {
    const [licenseDocument, keyDocument, sessionDocument] = await read([
      paths.license(key.licenseId),
      paths.key(key.licenseId, keyHash),
      paths.session(handleOf(sessionId)),
    ]);
    if (licenseDocument === undefined || sessionDocument === undefined) throw mismatch();
    const license = readLicense(licenseDocument);
    const session = readSession(sessionDocument);
    const { nonce, machine, user_email: userEmail } = session;
    if (machine !== machineId(key.licenseId, hardwareId)) throw mismatch();
    if (deriveSessionName(key, nonce).sessionId !== sessionId) throw mismatch();
    if (ineligibility(keyDocument && readKey(keyDocument), license, clock.now()) !== undefined) throw mismatch();
    return { license, userEmail, borrowedUntil: borrowedUntil(session, clock.now()) };
  };
}

/** As many as heartbeats share a write (heartbeat.ts), with which these reads go side by side. */
const MAX_GROUP = 100;
const MAX_WAITING = 20_000;

type Documents = readonly (Document | undefined)[];

/** Reads that are asked for while one is under way share the next one. */
function createGroupedReads(store: Pick<DocumentReader, 'get'>): (paths: readonly string[]) => Promise<Documents> {
  const groups = createGroupCommit<readonly string[], Documents>({
    async run(_key, requests) {
      const all = [...new Set(requests.flat())];
      const documents = await store.get(all);
      const found = new Map(all.map((path, index) => [path, documents[index]]));
      return requests.map((request) => request.map((path) => found.get(path)));
    },
    maxGroup: MAX_GROUP,
    maxWaiting: MAX_WAITING,
  });
  return (request) => groups.submit('reads', request);
}

const mismatch = () =>
  new Fault('forbidden', 'Session, machine and licence key do not belong together, or the key has ended.');
