import { type BorrowSlot, readBorrowSlot } from '#shared/model/borrow-slot.ts';
import { borrowCap, type License, MAX_SEATS } from '#shared/model/license.ts';
import { queries } from '#shared/seats/queries.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import type { HolderRequest } from './acquire-request.ts';

/** What the store says about the borrow slots of a licence. */
export interface BorrowSnapshot {
  /** Numbers of slots that nobody has, as many as the requests may need, in the order in which they are to be tried. */
  readonly free: readonly number[];
  /** How many slots are taken. */
  readonly taken: number;
  /** A slot beyond the cap is taken, since the cap was lowered: until it comes back, nothing more is lent. */
  readonly isBeyondCap: boolean;
}

export const NO_BORROWS: BorrowSnapshot = { free: [], taken: 0, isBeyondCap: false };
export const NO_ORPHANS: ReadonlyMap<string, BorrowSlot> = new Map();

/** Slots that one query reads. A licence that has more of them taken is searched page by page. */
const PAGE = 1_000;

interface BorrowOptions {
  readonly store: DocumentReader;
  readonly random: () => number;
}

/** Reads nothing unless a request borrows. */
export async function readBorrows(
  { store, random }: BorrowOptions,
  license: License,
  requests: readonly HolderRequest[],
): Promise<BorrowSnapshot> {
  const wanted = requests.filter(({ borrow }) => borrow !== undefined).length;
  const cap = borrowCap(license);
  if (wanted === 0 || cap === 0) return NO_BORROWS;
  const read = async (from: number) =>
    (await store.query(queries.borrowSlotsFrom(license.id, from, PAGE))).map((slot) => readBorrowSlot(slot).number);
  // Instances that look for a slot at the same time begin at different places.
  const start = Math.floor(random() * cap);
  const first = await read(0);
  if (first.length < PAGE) {
    const free = gaps([start, cap], first)
      .concat(gaps([0, start], first))
      .slice(0, wanted);
    return { free, taken: first.length, isBeyondCap: (first.at(-1) ?? 0) >= cap };
  }
  const [taken, beyond] = await Promise.all([store.count(queries.borrowSlots(license.id)), read(cap)]);
  const found = { taken, isBeyondCap: beyond.length > 0 };
  if (found.isBeyondCap || taken >= cap) return { ...found, free: [] };
  const after = await findGaps(read, [start, cap], wanted);
  const before = after.length < wanted ? await findGaps(read, [0, start], wanted - after.length) : [];
  return { ...found, free: [...after, ...before] };
}

type Range = readonly [from: number, to: number];

/** The first numbers of a range that are not taken, read page by page until there are enough. */
async function findGaps(
  read: (from: number) => Promise<readonly number[]>,
  [from, to]: Range,
  wanted: number,
): Promise<number[]> {
  const free: number[] = [];
  for (let next = from; next < to && free.length < wanted; ) {
    const page = await read(next);
    const end = page.length < PAGE ? to : Math.min(to, (page.at(-1) ?? next) + 1);
    free.push(...gaps([next, end], page));
    next = end;
  }
  return free.slice(0, wanted);
}

function gaps([from, to]: Range, numbers: readonly number[]): number[] {
  const taken = new Set(numbers);
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index).filter((slot) => !taken.has(slot));
}

/**
 * The slots of the requests' holders whose sessions were ended while their copies work on the machine that asks. A licence with such slots is
 * marked as `reconciling` until they end, so for any other licence nothing is read.
 */
export async function readOrphans(
  store: DocumentReader,
  license: License,
  requests: readonly HolderRequest[],
  now: number,
): Promise<ReadonlyMap<string, BorrowSlot>> {
  if (!license.reconciling) return NO_ORPHANS;
  const machines = new Map(requests.map(({ holderId, machine }) => [holderId, machine]));
  const slots = (await store.query(queries.orphanSlots(license.id, MAX_SEATS))).map(readBorrowSlot);
  return new Map(
    slots
      .filter(({ holder, machine, until }) => machines.get(holder) === machine && until > now)
      .map((slot) => [slot.holder, slot]),
  );
}
