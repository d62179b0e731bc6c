import type { Actor } from '#shared/audit/actor.ts';
import type { AuditedChange, CommitAudited } from '#shared/audit/commit-audited.ts';
import type { Once } from '#shared/idempotency/once.ts';
import { isLicenseId } from '#shared/license-format/license-key.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { borrowCap, type License, readLicense } from '#shared/model/license.ts';
import { newLicenseKey } from '#shared/model/license-key.ts';
import { isVendor, type Principal } from '#shared/model/principal.ts';
import { machineId, newSessionNonce } from '#shared/model/session-id.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import { claimCommit } from './claim-commit.ts';
import { decideGroup } from './decide-group.ts';
import { denialReason } from './denial.ts';
import type { DenialEvents } from './denial-events.ts';
import type { Claim, Refuse, Renew } from './plan-step.ts';
import { ADMINISTRATOR_KEY, readSnapshot, type SeatSnapshot } from './snapshot.ts';
import { readTerms } from './terms-snapshot.ts';
import type { UsageRecorder } from './usage-recorder.ts';

export interface BorrowForMachineOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly commitAudited: CommitAudited;
  readonly usage: Pick<UsageRecorder, 'recordPeak' | 'recordDenials' | 'flush'>;
  readonly denials: Pick<DenialEvents, 'record'>;
}

export interface MachineToBorrow {
  readonly licenseId: string;
  readonly hardwareId: string;
  readonly seconds: number;
  /** Stands where the host name of other machines does, which this one cannot send. */
  readonly label: string | null;
  readonly principal: Principal;
  readonly signal: AbortSignal;
  readonly log: AttemptedRequest['log'];
}

/** The seat of a machine that never asks itself. */
export interface BorrowedSeat {
  readonly handle: string;
  readonly created: boolean;
  readonly seatsUsed: number;
  readonly seatsTotal: number;
  readonly seatsBorrowed: number;
  readonly borrowMaxSeats: number;
}

export type BorrowForMachine = (
  machine: MachineToBorrow,
  actor: Actor,
  once?: Once<BorrowedSeat>,
) => Promise<BorrowedSeat>;

/** Reads that contradict one another, because something changed between them, are made again. */
const MAX_READS = 4;

/**
 * Borrows a seat in place of a machine that is never online: decided and committed as its own request would be, with an
 * audit record in the commit. Whatever number of attempts there is, they share time and session, and the record lets
 * one of them through.
 * @throws Fault, from the returned function, as a borrow, and `license_not_found` for a licence of another tenant
 */
export function createBorrowForMachine({ commitAudited, ...options }: BorrowForMachineOptions): BorrowForMachine {
  const { store, clock, random, usage, denials } = options;

  async function decide(machine: MachineToBorrow, request: AttemptedRequest, now: number): Promise<Claim | Renew> {
    // First of all, so that a licence of others costs as much as none.
    const [found] = await store.get([paths.license(machine.licenseId)]);
    requireOwn(found && readLicense(found), machine.principal);
    for (let read = 0; read < MAX_READS; read += 1) {
      const snapshot = await readSnapshot({ store, random }, machine.licenseId, [request], now);
      const terms = await readTerms(store, snapshot, [request], now);
      const [step] = decideGroup(snapshot, terms, [request], now).steps;
      if (step?.kind === 'refuse') throw await denied(snapshot, step);
      if (step?.kind === 'claim' || step?.kind === 'renew') return step;
    }
    throw new Fault('dependency_unavailable', 'The seat could not be taken right now.', { retryAfter: 1 });
  }

  async function denied({ license }: SeatSnapshot, { fault, request }: Refuse): Promise<Fault> {
    const reason = denialReason(fault);
    if (license === undefined || reason === undefined) return fault;
    if (fault.code === 'no_seats_available') denials.record(license, 1);
    usage.recordDenials(license.id, reason, [request]);
    await usage.flush();
    return fault;
  }

  return async (machine, actor, once) => {
    if (!isLicenseId(machine.licenseId)) throw licenseNotFound();
    const now = clock.now();
    let request = requestOf(machine);
    const prepare = async (): Promise<AuditedChange<BorrowedSeat>> => {
      const step = await decide(machine, request, now);
      // An attempt that finds the session of an earlier one, whose answer was lost, goes on with it.
      request = { ...request, earlierNonces: [request.nonce] };
      const { license, borrowed, seatsUsed } = step.lease;
      return {
        writes: writesOf(step, now, random),
        event: {
          action: 'session.borrow',
          tenantId: license.tenant_id,
          licenseId: license.id,
          session: step.handle,
          details: {
            machine: request.machine.slice(0, 8),
            label: machine.label,
            borrowed_until: formatTime(borrowed?.until ?? now),
            created: step.created,
          },
        },
        result: {
          handle: step.handle,
          created: step.created,
          seatsUsed,
          seatsTotal: license.max_seats,
          seatsBorrowed: borrowed?.seats ?? 0,
          borrowMaxSeats: borrowCap(license),
        },
      };
    };
    const seat = await commitAudited(actor, prepare, once);
    usage.recordPeak({ licenseId: machine.licenseId, seats: seat.seatsUsed });
    return seat;
  };
}

function requestOf({ licenseId, hardwareId, seconds, label, signal, log }: MachineToBorrow): AttemptedRequest {
  const machine = machineId(licenseId, hardwareId);
  return {
    byAdministrator: true,
    key: newLicenseKey(licenseId),
    keyHash: ADMINISTRATOR_KEY.hash,
    hardwareId,
    machine,
    holderId: machine,
    userEmail: null,
    signedIn: undefined,
    client: { user_email: null, hostname: label, platform: null, client_version: null },
    borrow: { seconds },
    tokenFormat: 'file',
    nonce: newSessionNonce(),
    earlierNonces: [],
    signal,
    log,
  };
}

/** Licences of others look like none. */
function requireOwn(license: License | undefined, principal: Principal): void {
  const isOwn = isVendor(principal) || (principal.kind === 'user' && principal.tenantId === license?.tenant_id);
  if (license === undefined || !isOwn) throw licenseNotFound();
}

const licenseNotFound = () => new Fault('license_not_found', 'The id is unknown, or belongs to another tenant.');

const writesOf = (step: Claim | Renew, now: number, random: () => number): readonly Write[] =>
  step.kind === 'renew' ? [step.write] : claimCommit([step], now, random).writes;
