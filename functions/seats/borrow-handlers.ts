import * as z from 'zod';
import { actorOf } from '#shared/audit/actor.ts';
import * as contract from '#shared/contract/borrows.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { RunOnce } from '#shared/idempotency/run-once.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { BorrowedSeat, BorrowForMachine } from './borrow-for-machine.ts';
import type { IssueFile } from './issue-file.ts';

export interface BorrowDomain {
  readonly borrowForMachine: BorrowForMachine;
  readonly issueFile: IssueFile;
  readonly runOnce: RunOnce;
}

/** What administrators borrow for machines that are never online. */
export const borrowRoutes = ({ borrowForMachine, issueFile, runOnce }: BorrowDomain): BoundRoute[] => [
  bind(contract.borrowForMachine, async (input) => {
    const { params, body, principal, signal, log } = input;
    const { license_id: licenseId } = params;
    const { hardware_id: hardwareId, borrow_seconds: seconds, label } = body;
    // An Idempotency-Key repeats the seat; the file is signed again, if the seat still is this machine's.
    const answer = await runOnce(input, contract.borrowForMachine, describe, (once) =>
      borrowForMachine({ licenseId, hardwareId, seconds, label, principal, signal, log }, actorOf(input), once),
    );
    const seat = borrowedSeat.parse(answer.body);
    const file = await issueFile({ licenseId, handle: seat.session, hardwareId, log });
    return {
      status: answer.status,
      body: {
        ...seat,
        expires_at: formatTime(file.expiresAt),
        borrowed_until: formatTime(file.borrowedUntil),
        ...file.signed,
      },
    };
  }),
];

const borrowedSeat = z.object({
  session: z.string(),
  seats_used: z.number(),
  seats_total: z.number(),
  seats_borrowed: z.number(),
  borrow_max_seats: z.number(),
});

const describe = (seat: BorrowedSeat) => ({
  status: seat.created ? 201 : 200,
  body: {
    session: seat.handle,
    seats_used: seat.seatsUsed,
    seats_total: seat.seatsTotal,
    seats_borrowed: seat.seatsBorrowed,
    borrow_max_seats: seat.borrowMaxSeats,
  } satisfies z.output<typeof borrowedSeat>,
});
