import { type License, readLicense } from '#shared/model/license.ts';
import { holderFields, readSession, type Session } from '#shared/model/session.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import type { Document, DocumentReader } from '#shared/store/store.ts';

/** A machine's entry among a licence's holders. */
export interface Holder {
  readonly session: string;
  readonly nonce: string;
}

/** What the store says of a licence, as far as a group of wishes needs to know. */
export interface Situation {
  readonly license: License | undefined;
  readonly holders: ReadonlyMap<string, Holder>;
  /** Open seats, each once, in the order in which they are to be tried. */
  readonly open: readonly Document[];
  /** How many seats are taken. */
  readonly used: number;
}

export interface SituationReaderOptions {
  readonly store: DocumentReader;
  readonly random: () => number;
  /** Told of every licence that was read, so that heartbeats need not read it again. */
  readonly onLicense?: (license: License) => void;
}

/** What acquire reads: all of it in the first round trip, but for what only some wishes need. */
export interface SituationReader {
  /** Of the licence, these holders, as many open seats as there are holders, and how many seats are taken. */
  situation(licenseId: string, holders: readonly string[]): Promise<Situation>;
  /** Sessions of the licence that ended before a moment, the longest expired first. */
  expired(licenseId: string, before: number, limit: number): Promise<Session[]>;
  /** In the order of the handles; undefined where there is none. */
  sessions(handles: readonly string[]): Promise<(Session | undefined)[]>;
}

export function createSituationReader({ store, random, onLicense }: SituationReaderOptions): SituationReader {
  /**
   * From a random place on and around the end. One machine asks for both parts at once and is spared a round trip; a
   * group asks for the second only when the first was short, and is spared its reads.
   */
  async function openSeats(licenseId: string, wanted: number): Promise<Document[]> {
    const start = random();
    const from = () => store.query(queries.openSeatsFrom(licenseId, start, wanted));
    const before = (limit: number) => store.query(queries.openSeatsBefore(licenseId, start, limit));
    if (wanted === 1) return distinct((await Promise.all([from(), before(1)])).flat());
    const first = await from();
    const missing = wanted - first.length;
    return missing === 0 ? [...first] : distinct([...first, ...(await before(missing))]);
  }

  return {
    async situation(licenseId, holders) {
      const [[document, ...found], open, used] = await Promise.all([
        store.get([paths.license(licenseId), ...holders.map((holder) => paths.holder(licenseId, holder))]),
        openSeats(licenseId, holders.length),
        store.count(queries.takenSeats(licenseId)),
      ]);
      const license = document && readLicense(document);
      if (license !== undefined) onLicense?.(license);
      const known = found.flatMap((holder): [string, Holder][] =>
        holder === undefined ? [] : [[holder.id, holderFields.parse(holder.fields)]],
      );
      return { license, holders: new Map(known), open, used };
    },

    async expired(licenseId, before, limit) {
      return (await store.query(queries.expiredOf(licenseId, before, limit))).map(readSession);
    },

    async sessions(handles) {
      if (handles.length === 0) return [];
      return (await store.get(handles.map(paths.session))).map((document) => document && readSession(document));
    },
  };
}

/** A seat that was opened between the two queries can be in both. */
const distinct = (seats: readonly Document[]): Document[] => [
  ...new Map(seats.map((seat) => [seat.path, seat])).values(),
];
