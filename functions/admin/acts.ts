import type { HandlerInput } from '#shared/http/route.ts';
import { AUDIT_RETENTION, type AuditFields, type AuditOutcome, newAuditId } from '#shared/model/audit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { CommitError, type DocumentStore, type Fields, type Write } from '#shared/store/store.ts';
import { adminPaths } from './paths.ts';

/** Who acts, and from where. */
export interface Actor extends Pick<AuditFields, 'ip' | 'request_id'> {
  readonly identity: AuditFields['actor'];
}

export function actorOf(
  input: Pick<HandlerInput<unknown, unknown, unknown>, 'principal' | 'clientIp' | 'requestId'>,
): Actor {
  const { principal, clientIp, requestId } = input;
  if (principal.kind !== 'user') throw new Fault('forbidden', 'This caller may not do that.');
  const kind = principal.staff ? 'staff' : 'user';
  return {
    identity: { kind, id: principal.uid, email: principal.email ?? null },
    ip: clientIp,
    request_id: requestId,
  };
}

/** The suite itself, where nobody has asked over HTTP. */
export const SYSTEM: Actor = {
  identity: { kind: 'system', id: 'countersign', email: null },
  ip: 'local',
  request_id: '',
};

/** What is written down of an act. */
export interface Act {
  readonly action: string;
  readonly tenantId: string;
  readonly licenseId?: string;
  /** The handle. */
  readonly session?: string;
  readonly details?: Fields;
  readonly outcome?: AuditOutcome;
}

/** What an attempt would write, as things stand; without an act there is nothing to do. */
export interface Plan<T> {
  readonly act?: Act;
  readonly writes: readonly Write[];
  readonly result: T;
}

export interface Acts {
  /**
   * Commits an act together with its record: one is never there without the other. An attempt that lost a race is
   * planned again from what is there then.
   * @param prepare reads and plans; it is called once an attempt, and whatever it throws ends the act
   * @throws Fault `dependency_unavailable` when it could not be done, or nobody knows: repeating the request is safe
   */
  perform<T>(actor: Actor, prepare: () => Promise<Plan<T>>): Promise<T>;
}

export interface ActsOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  /** Waits before the next attempt, so that instances that met once do not meet again. Default: not at all. */
  readonly pause?: (attempt: number) => Promise<unknown>;
}

const ATTEMPTS = 10;

export function createActs({ store, clock, pause }: ActsOptions): Acts {
  return {
    async perform(actor, prepare) {
      // One id for all attempts. A commit of which nobody knows the end has been applied exactly if the record is
      // there, and if it still comes, after a later attempt, it meets that attempt's record and is refused.
      const at = clock.now();
      const id = newAuditId(at);
      let cause: unknown;
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const { act, writes, result } = await prepare();
        if (act === undefined) return result;
        try {
          await store.commit([...writes, record(id, actor, act, at)]);
          return result;
        } catch (error) {
          if (!(error instanceof CommitError)) throw error;
          cause = error;
        }
        const [found] = await store.get([adminPaths.audit(id)]);
        if (found !== undefined) return result;
        await pause?.(attempt);
      }
      throw new Fault('dependency_unavailable', 'That could not be done right now.', { cause, retryAfter: 1 });
    },
  };
}

function record(id: string, actor: Actor, act: Act, at: number): Write {
  return {
    op: 'create',
    path: adminPaths.audit(id),
    fields: {
      at,
      actor: actor.identity,
      action: act.action,
      tenant_id: act.tenantId,
      license_id: act.licenseId ?? null,
      session: act.session ?? null,
      ip: actor.ip,
      request_id: actor.request_id,
      outcome: act.outcome ?? 'success',
      details: act.details ?? {},
    },
    deleteAfter: at + AUDIT_RETENTION,
  };
}
