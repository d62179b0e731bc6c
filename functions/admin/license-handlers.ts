import type * as z from 'zod';
import { actorOf } from '#shared/audit/actor.ts';
import * as contract from '#shared/contract/admin.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { ResolveKey } from '#shared/imported-keys/resolve-key.ts';
import { formatTime, parseTime } from '#shared/license-format/time.ts';
import { describeLicense } from '#shared/licenses/describe-license.ts';
import type { EveryMember } from '#shared/model/every-member.ts';
import { isVendor } from '#shared/model/principal.ts';
import type { Session } from '#shared/model/session.ts';
import type { ChangePreview } from './change-license.ts';
import type { createCountSeats } from './count-seats.ts';
import { keyNotFound } from './find-licenses.ts';
import type { createLicenses } from './licenses.ts';
import { listResponse } from './list-response.ts';
import { scopeOf } from './scope.ts';
import type { createSessions } from './sessions.ts';
import { requireSeller } from './sold.ts';

export interface LicenseDomain {
  readonly licenses: ReturnType<typeof createLicenses>;
  readonly resolveKey: ResolveKey;
  readonly sessions: ReturnType<typeof createSessions>;
  readonly seatsUsed: ReturnType<typeof createCountSeats>;
}

export const licenseRoutes = ({ licenses, sessions, seatsUsed, resolveKey }: LicenseDomain): BoundRoute[] => [
  bind(contract.listLicenses, async ({ query, principal }) => {
    const { tenant_id: tenantId, expires_before: expiresBefore, q, status, tier, reference } = query;
    const filter = { tenantId, expiresBefore: timeOf(expiresBefore), q, status, tier, reference };
    const page = await licenses.list(scopeOf(principal), filter, query);
    const used = query.include === 'seats_used' ? await seatsUsed(page.items) : new Map<string, number>();
    return listResponse(contract.listLicenses, { query }, page, (license) => ({
      ...describeLicense(license),
      ...(used.has(license.id) ? { seats_used: used.get(license.id) } : {}),
    }));
  }),

  bind(contract.lookupLicense, async ({ body, principal }) => {
    const key = await resolveKey(body.license_key);
    if (key === undefined) throw keyNotFound();
    return { status: 200, body: describeLicense(await licenses.lookup(scopeOf(principal), key)) };
  }),

  bind(contract.getLicense, async ({ params, principal }) => {
    const license = await licenses.get(scopeOf(principal), params.license_id);
    return { status: 200, body: describeLicense(license) };
  }),

  bind(contract.changeLicense, async (input) => {
    const { params, query, body, principal } = input;
    requireSeller(principal, body);
    const scope = scopeOf(principal);
    if (query.dry_run) {
      const preview = await licenses.preview(scope, params.license_id, body, contract.MAX_WOULD_END);
      return { status: 200, body: describePreview(preview) };
    }
    const license = await licenses.change(scope, params.license_id, body, actorOf(input));
    return { status: 200, body: describeLicense(license) };
  }),

  bind(contract.archiveLicense, async (input) => {
    await licenses.archive(scopeOf(input.principal), input.params.license_id, actorOf(input));
    return { status: 204 };
  }),

  bind(contract.listSessions, async ({ params, query, principal }) => {
    const page = await sessions.list(scopeOf(principal), params.license_id, query);
    return listResponse(contract.listSessions, { params, query }, page, describeSession);
  }),

  bind(contract.endSession, async (input) => {
    const { params, query, principal } = input;
    const recall = query.recall ? { isLimited: !isVendor(principal) } : undefined;
    await sessions.end(scopeOf(principal), params.session, actorOf(input), recall);
    return { status: 204 };
  }),
];

const timeOf = (text: string | undefined) => (text === undefined ? undefined : parseTime(text));

const describePreview = ({ wouldEnd, count, seatsUsed, seatsTotal }: ChangePreview) => ({
  would_end: wouldEnd.map(describeSession),
  would_end_count: count,
  seats_used: seatsUsed,
  seats_total: seatsTotal,
});

/** With the first characters of the machine's hash, which tell machines apart whose clients send nothing of themselves. */
const describeSession = (session: Session): EveryMember<z.output<typeof contract.session>> => ({
  session: session.handle,
  machine: session.holder.slice(0, 8),
  key: session.key,
  user_email: session.user_email,
  hostname: session.hostname,
  platform: session.platform,
  client_version: session.client_version,
  acquired_at: formatTime(session.acquired_at),
  last_heartbeat: formatTime(session.last_heartbeat),
  expires_at: formatTime(session.expires_at),
  lingering: session.lingering || undefined,
  borrowed_until: session.borrowed_until === null ? undefined : formatTime(session.borrowed_until),
});
