import { type KeyRecord, readKey } from '#shared/model/key-record.ts';
import { isShrinking, type License, readLicense } from '#shared/model/license.ts';
import { expiredBefore, holderFields, readSession, type Session } from '#shared/model/session.ts';
import { deriveSessionName } from '#shared/model/session-id.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import type { Document, DocumentReader } from '#shared/store/store.ts';
import type { AcquireRequest } from './acquire-request.ts';
import { ineligibility } from './eligibility.ts';

/** A machine's holder document: its session's handle, and the nonce from which the session's id derives. */
export interface HolderRecord {
  readonly session: string;
  readonly nonce: string;
}

/** Everything that the store says about a licence and that a group of requests is decided by. */
export interface SeatSnapshot {
  readonly license: License | undefined;
  /** The keys that the requests brought, by hash; those that the licence does not have are missing. */
  readonly keys: ReadonlyMap<string, KeyRecord>;
  /** By holder id; machines without a session are missing. */
  readonly holders: ReadonlyMap<string, HolderRecord>;
  /** Sessions of this group's machines that were created under another licence key, by handle. */
  readonly rekeyed: ReadonlyMap<string, Session>;
  /** Open seats, each once, in the order in which they are to be tried. */
  readonly open: readonly Document[];
  /** Expired sessions, the longest expired first; read only when the open seats do not suffice. */
  readonly expired: readonly Session[];
  /** How many seats are taken. */
  readonly used: number;
}

type SnapshotOfLicense = SeatSnapshot & { readonly license: License };

export interface SnapshotOptions {
  readonly store: DocumentReader;
  readonly random: () => number;
}

/**
 * Reads what a group of requests of one licence needs: one round trip, and further ones only for machines whose
 * licence key has changed and for expired sessions.
 * @param requests of different machines
 * @param now milliseconds since the epoch
 */
export async function readSnapshot(
  { store, random }: SnapshotOptions,
  licenseId: string,
  requests: readonly AcquireRequest[],
  now: number,
): Promise<SeatSnapshot> {
  const hashes = [...new Set(requests.map(({ keyHash }) => keyHash))];
  const [[document, ...others], open, used] = await Promise.all([
    store.get([
      paths.license(licenseId),
      ...hashes.map((hash) => paths.key(licenseId, hash)),
      ...requests.map(({ holderId }) => paths.holder(licenseId, holderId)),
    ]),
    readOpenSeats(store, licenseId, requests.length, random()),
    store.count(queries.takenSeats(licenseId)),
  ]);
  const keys = new Map(
    others
      .slice(0, hashes.length)
      .flatMap((found) => (found === undefined ? [] : [[found.id, readKey(found)] as const])),
  );
  const holders = new Map(
    others
      .slice(hashes.length)
      .flatMap((found): [string, HolderRecord][] =>
        found === undefined ? [] : [[found.id, holderFields.parse(found.fields)]],
      ),
  );
  const found = { keys, holders, rekeyed: new Map<string, Session>(), open, expired: [], used };
  if (document === undefined) return { ...found, license: undefined };
  const license = readLicense(document);
  const rekeyed = await readRekeyed(store, { ...found, license }, requests, now);
  const snapshot = { ...found, license, rekeyed };
  return { ...snapshot, expired: await readExpired(store, snapshot, requests, now) };
}

/**
 * From a random place on and around the end. A single request asks for both parts at once, which saves a round trip; a
 * group asks for the second part only when the first one was short, which saves its reads.
 */
async function readOpenSeats(
  store: DocumentReader,
  licenseId: string,
  wanted: number,
  start: number,
): Promise<readonly Document[]> {
  const readFrom = () => store.query(queries.openSeatsFrom(licenseId, start, wanted));
  const readBefore = (limit: number) => store.query(queries.openSeatsBefore(licenseId, start, limit));
  if (wanted === 1) return distinct((await Promise.all([readFrom(), readBefore(1)])).flat());
  const first = await readFrom();
  const missing = wanted - first.length;
  return missing === 0 ? first : distinct([...first, ...(await readBefore(missing))]);
}

/** The sessions of machines whose licence key was changed since: the new key does not lead to the session's id. */
async function readRekeyed(
  store: DocumentReader,
  { license, keys, holders }: SnapshotOfLicense,
  requests: readonly AcquireRequest[],
  now: number,
): Promise<ReadonlyMap<string, Session>> {
  const handles = requests.flatMap(({ key, keyHash, holderId }) => {
    const holder = holders.get(holderId);
    if (holder === undefined || deriveSessionName(key, holder.nonce).handle === holder.session) return [];
    return ineligibility(keys.get(keyHash), license, now) === undefined ? [holder.session] : [];
  });
  if (handles.length === 0) return new Map();
  const sessions = (await store.get(handles.map(paths.session))).flatMap((document) =>
    document === undefined ? [] : [readSession(document)],
  );
  return new Map(sessions.map((session) => [session.handle, session]));
}

/** As many as open seats are missing, and as many more as the query may find of the group's own machines. */
async function readExpired(
  store: DocumentReader,
  { license, keys, holders, rekeyed, open }: SnapshotOfLicense,
  requests: readonly AcquireRequest[],
  now: number,
): Promise<readonly Session[]> {
  const kept = new Set([...rekeyed.values()].map(({ seat }) => seat));
  const free = open.filter(({ id }) => !kept.has(id)).length;
  const withoutSession = requests.filter(({ holderId }) => !holders.has(holderId));
  if (withoutSession.length <= free || isShrinking(license)) return [];
  const wanted = withoutSession.filter(
    ({ keyHash }) => ineligibility(keys.get(keyHash), license, now) === undefined,
  ).length;
  if (wanted <= free) return [];
  const limit = wanted - free + requests.length;
  return (await store.query(queries.expiredOf(license.id, expiredBefore(now), limit))).map(readSession);
}

/** A seat that was opened between the two queries can be in both. */
const distinct = (seats: readonly Document[]): readonly Document[] => [
  ...new Map(seats.map((seat) => [seat.path, seat])).values(),
];
