import type * as z from 'zod';
import { actorOf } from '#shared/audit/actor.ts';
import * as contract from '#shared/contract/license-keys.ts';
import type { BoundRoute, HttpResponse } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { RunOnce } from '#shared/idempotency/run-once.ts';
import { formatTime, formatTimeOrNull } from '#shared/license-format/time.ts';
import { normalEmail } from '#shared/model/email.ts';
import type { EveryMember } from '#shared/model/every-member.ts';
import type { KeyRecord } from '#shared/model/key-record.ts';
import type { createLicenseKeys, IssuedKey } from './license-keys.ts';
import { listResponse } from './list-response.ts';
import { scopeOf } from './scope.ts';

export interface LicenseKeyDomain {
  readonly licenseKeys: ReturnType<typeof createLicenseKeys>;
  readonly runOnce: RunOnce;
}

export const licenseKeyRoutes = ({ licenseKeys, runOnce }: LicenseKeyDomain): BoundRoute[] => [
  bind(contract.listLicenseKeys, async ({ params, query, principal }) => {
    const page = await licenseKeys.list(scopeOf(principal), params.license_id, query);
    return listResponse(contract.listLicenseKeys, { params, query }, page, describe);
  }),

  bind(contract.createLicenseKey, async (input) => {
    const { params, body, principal } = input;
    const { label, priority, user_email, keep, grace_seconds: graceSeconds = 0, end_sessions: endSessions } = body;
    const userEmail = user_email === undefined ? null : normalEmail(user_email);
    const older = keep ? ({ kind: 'keep' } as const) : ({ kind: 'end', graceSeconds, endSessions } as const);
    const key = { label, priority, userEmail, older };
    return runOnce(input, contract.createLicenseKey, describeIssued, (once) =>
      licenseKeys.create(scopeOf(principal), params.license_id, key, actorOf(input), once),
    );
  }),

  bind(contract.endLicenseKey, async (input) => {
    const { params, query, principal } = input;
    await licenseKeys.end(scopeOf(principal), params.license_id, params.key, query.end_sessions, actorOf(input));
    return { status: 204 };
  }),
];

type Described<Schema extends z.ZodType> = EveryMember<z.output<Schema>>;

const describe = ({
  id,
  label,
  priority,
  user_email,
  created_at,
  until,
  last_used_day,
}: KeyRecord): Described<typeof contract.licenseKey> => ({
  key: id,
  label,
  priority,
  user_email,
  created_at: formatTime(created_at),
  until: formatTimeOrNull(until),
  last_used_day,
});

const describeIssued = ({ licenseId, licenseKey, key, oldKeysUntil }: IssuedKey): HttpResponse => ({
  status: 201,
  body: {
    license_id: licenseId,
    key: key.id,
    license_key: licenseKey,
    label: key.label,
    priority: key.priority,
    user_email: key.user_email,
    created_at: formatTime(key.created_at),
    until: null,
    old_keys_until: formatTimeOrNull(oldKeysUntil),
  },
});
