import type * as z from 'zod';
import type { BorrowSlot } from '#shared/model/borrow-slot.ts';
import { type KeyRecord, newKeyFields, readKey } from '#shared/model/key-record.ts';
import { isShrinking, type License, readLicense } from '#shared/model/license.ts';
import { isUid, type Person, personPath, readPerson } from '#shared/model/person.ts';
import { borrowedUntil, expiredBefore, holderFields, readSession, type Session } from '#shared/model/session.ts';
import { deriveSessionName, isHandle } from '#shared/model/session-id.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import type { Document, DocumentReader } from '#shared/store/store.ts';
import type { HolderRequest } from './acquire-request.ts';
import { type BorrowSnapshot, NO_BORROWS, NO_ORPHANS, readBorrows, readOrphans } from './borrow-snapshot.ts';
import { ineligibility } from './eligibility.ts';

/** A holder document: its session's handle, the nonce from which the session's id derives, and the machine. */
export type HolderRecord = z.output<typeof holderFields>;

/** Everything that the store says about a licence and that a group of requests is decided by. */
export interface SeatSnapshot {
  readonly license: License | undefined;
  /** The keys that the requests brought, by hash; those that the licence does not have are missing. */
  readonly keys: ReadonlyMap<string, KeyRecord>;
  /** By holder id; holders without a session are missing. */
  readonly holders: ReadonlyMap<string, HolderRecord>;
  /** Those who have signed in, by uid. */
  readonly people: ReadonlyMap<string, Person>;
  /** The holder ids of users that are on the licence's list. */
  readonly named: ReadonlySet<string>;
  /** Sessions of this group's holders that they do not go on with (`continues`), by handle. */
  readonly rekeyed: ReadonlyMap<string, Session>;
  /** Sessions that requests want to end for their own, by handle. */
  readonly replaced: ReadonlyMap<string, Session>;
  /** Open seats, each once, in the order in which they are to be tried. */
  readonly open: readonly Document[];
  /** Expired sessions, the longest expired first; read only when the open seats do not suffice. */
  readonly expired: readonly Session[];
  /** Sessions to name to whoever finds no seat; read only then, and where the licence offers it. */
  readonly shown: readonly Session[];
  /** How many seats are taken. */
  readonly used: number;
  /** What borrowing is decided by; read only for requests that borrow. */
  readonly borrows: BorrowSnapshot;
  /** The slots of this group's holders whose sessions were ended while their copies work, by holder id. */
  readonly orphans: ReadonlyMap<string, BorrowSlot>;
}

/** What an administrator's request has in place of a licence key: no key's hash is like it, and it has no end. */
export const ADMINISTRATOR_KEY: KeyRecord = { ...newKeyFields('', null, 0), hash: 'administrator' };

type SnapshotOfLicense = SeatSnapshot & { readonly license: License };

export interface SnapshotOptions {
  readonly store: DocumentReader;
  readonly random: () => number;
}

/**
 * Reads what a group of requests of one licence needs: one round trip, and further ones only for machines whose
 * licence key has changed and for expired sessions.
 * @param requests of different holders
 * @param now milliseconds since the epoch
 */
export async function readSnapshot(
  { store, random }: SnapshotOptions,
  licenseId: string,
  requests: readonly HolderRequest[],
  now: number,
): Promise<SeatSnapshot> {
  const asked = documentsOf(licenseId, requests);
  const [documents, open, used] = await Promise.all([
    store.get([paths.license(licenseId), ...Object.values(asked).flat()]),
    readOpenSeats(store, licenseId, requests.length, random()),
    store.count(queries.takenSeats(licenseId)),
  ]);
  const administrator = requests.some(({ byAdministrator }) => byAdministrator) ? [ADMINISTRATOR_KEY] : [];
  const [document, ...others] = documents;
  const answers = others.values();
  const read = (of: readonly string[]) => of.flatMap(() => answers.next().value ?? []);
  const found = {
    keys: new Map([...read(asked.keys).map(readKey), ...administrator].map((key) => [key.hash, key])),
    holders: new Map(read(asked.holders).map(({ id, fields }) => [id, holderFields.parse(fields)])),
    people: new Map(read(asked.people).map((person) => [person.id, readPerson(person)])),
    named: new Set(read(asked.named).map(({ id }) => id)),
    replaced: new Map(read(asked.replaced).map((session) => [session.id, readSession(session)])),
    rekeyed: new Map<string, Session>(),
    open,
    expired: [],
    shown: [],
    used,
    borrows: NO_BORROWS,
    orphans: NO_ORPHANS,
  };
  if (document === undefined) return { ...found, license: undefined };
  const license = readLicense(document);
  const [rekeyed, borrows, orphans] = await Promise.all([
    readRekeyed(store, { ...found, license }, requests, now),
    license.had_borrow ? readBorrows({ store, random }, license, requests) : NO_BORROWS,
    license.had_borrow ? readOrphans(store, license, requests, now) : NO_ORPHANS,
  ]);
  const snapshot = { ...found, license, rekeyed, borrows, orphans };
  const expired = await readExpired(store, snapshot, requests, now);
  return { ...snapshot, expired, shown: await readShown(store, { ...snapshot, expired }, requests) };
}

/** The paths that a group's requests bring, in the order in which the answers are read; each once. */
function documentsOf(licenseId: string, requests: readonly HolderRequest[]) {
  const unique = (of: readonly string[]) => [...new Set(of)];
  const people = requests.flatMap(({ signedIn }) =>
    signedIn !== undefined && 'uid' in signedIn && isUid(signedIn.uid) ? [personPath(signedIn.uid)] : [],
  );
  return {
    keys: unique(
      requests.flatMap(({ keyHash, byAdministrator }) => (byAdministrator ? [] : [paths.key(licenseId, keyHash)])),
    ),
    holders: requests.map(({ holderId }) => paths.holder(licenseId, holderId)),
    people: unique(people),
    named: requests.flatMap(({ userEmail, holderId }) => (userEmail === null ? [] : [paths.user(licenseId, holderId)])),
    replaced: unique(
      requests.flatMap(({ replace }) => (replace !== undefined && isHandle(replace) ? [paths.session(replace)] : [])),
    ),
  };
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

/**
 * Whether a request goes on with the session that its holder has: the licence key leads to the session's id, a user is at
 * the same machine, and it is borrowed if it is to be, and not past its borrowed time. An administrator needs no id, so
 * what is borrowed stays as it is.
 */
export function continues(
  { key, machine, borrow, byAdministrator }: Pick<HolderRequest, 'key' | 'machine' | 'borrow' | 'byAdministrator'>,
  holder: HolderRecord,
  { lease_per }: Pick<License, 'lease_per'>,
  now: number,
): boolean {
  if (byAdministrator) return borrowedUntil(holder, now) !== undefined;
  if (lease_per === 'user' && holder.machine !== machine) return false;
  if (deriveSessionName(key, holder.nonce).handle !== holder.session) return false;
  return borrowedUntil(holder, now) !== undefined || (borrow === undefined && holder.borrow_slot === null);
}

/** The sessions of holders that do not go on with them. */
async function readRekeyed(
  store: DocumentReader,
  { license, keys, holders }: SnapshotOfLicense,
  requests: readonly HolderRequest[],
  now: number,
): Promise<ReadonlyMap<string, Session>> {
  const handles = requests.flatMap((request) => {
    const holder = holders.get(request.holderId);
    if (holder === undefined || continues(request, holder, license, now)) return [];
    return ineligibility(keys.get(request.keyHash), license, now) === undefined ? [holder.session] : [];
  });
  if (handles.length === 0) return new Map();
  const sessions = (await store.get(handles.map(paths.session))).flatMap((document) =>
    document === undefined ? [] : [readSession(document)],
  );
  return new Map(sessions.map((session) => [session.handle, session]));
}

/**
 * As many as open seats or borrow slots are missing, and as many more as the query may find of the group's own machines.
 */
async function readExpired(
  store: DocumentReader,
  { license, keys, holders, rekeyed, open, borrows, orphans }: SnapshotOfLicense,
  requests: readonly HolderRequest[],
  now: number,
): Promise<readonly Session[]> {
  const kept = new Set([...rekeyed.values()].map(({ seat }) => seat));
  const free = open.filter(({ id }) => !kept.has(id)).length;
  const withoutSession = requests.filter(({ holderId }) => !holders.has(holderId) && !orphans.has(holderId));
  const borrowing = withoutSession.filter(({ borrow }) => borrow !== undefined).length;
  const slotsMissing = borrows.isBeyondCap ? 0 : Math.max(0, borrowing - borrows.free.length);
  if ((withoutSession.length <= free && slotsMissing === 0) || isShrinking(license)) return [];
  const wanted = withoutSession.filter(
    ({ keyHash }) => ineligibility(keys.get(keyHash), license, now) === undefined,
  ).length;
  const missing = Math.max(wanted - free, slotsMissing);
  if (wanted === 0 || missing <= 0) return [];
  const limit = missing + requests.length;
  return (await store.query(queries.expiredOf(license.id, expiredBefore(now), limit))).map(readSession);
}

/** As many as a program can show. */
const MAX_SHOWN = 20;

async function readShown(
  store: DocumentReader,
  { license, holders, open, expired }: SnapshotOfLicense,
  requests: readonly HolderRequest[],
): Promise<readonly Session[]> {
  if (license.self_service.holders !== 'names') return [];
  const wanting = requests.filter(({ holderId, replace }) => !holders.has(holderId) && replace === undefined).length;
  if (!isShrinking(license) && wanting <= open.length + expired.length) return [];
  return (await store.query(queries.earliestLeaseEnds(license.id, MAX_SHOWN))).map(readSession);
}

/** A seat that was opened between the two queries can be in both. */
const distinct = (seats: readonly Document[]): readonly Document[] => [
  ...new Map(seats.map((seat) => [seat.path, seat])).values(),
];
