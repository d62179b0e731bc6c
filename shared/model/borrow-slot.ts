import * as z from 'zod';
import type { Document, UpdateTime } from '../store/store.ts';

const integer = z.number().int();

/**
 * `licenses/{id}/borrows/{number}`: a borrowed seat. It exists exactly as long as the slot is taken, so that there are never
 * more borrowed seats than slots. Times are milliseconds since the epoch.
 */
export const borrowSlotFields = z.object({
  /** The same as the document's id, for queries. */
  number: integer,
  /** The handle of the session; it has ended when the slot is an orphan. */
  session: z.string(),
  /** The id of the machine's holder document. */
  holder: z.string(),
  /** The machine that has the copy. */
  machine: z.string(),
  /** When the copy ends that the machine has. */
  until: integer,
  /** The session was ended while its copy works: until then the licence has a seat less. */
  orphan: z.boolean(),
});

export interface BorrowSlot extends z.output<typeof borrowSlotFields> {
  readonly updateTime: UpdateTime;
}

export const readBorrowSlot = ({ fields, updateTime }: Document): BorrowSlot => ({
  ...borrowSlotFields.parse(fields),
  updateTime,
});
