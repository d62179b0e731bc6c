import * as digestContract from '#shared/contract/digest.ts';
import * as contract from '#shared/contract/events.ts';
import { describeEvent } from '#shared/events/describe-event.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { parseTime } from '#shared/license-format/time.ts';
import { describeLicense } from '#shared/licenses/describe-license.ts';
import type { createDigest, DigestEntry } from './digest.ts';
import type { createEvents } from './events.ts';
import { listResponse } from './list-response.ts';
import { scopeOf } from './scope.ts';

export interface EventDomain {
  readonly events: ReturnType<typeof createEvents>;
  readonly digest: ReturnType<typeof createDigest>;
}

export const eventRoutes = ({ events, digest }: EventDomain): BoundRoute[] => [
  bind(contract.listEvents, async ({ query, principal }) => {
    const { tenant_id: tenantId, license_id: licenseId, type, since } = query;
    const filter = { tenantId, licenseId, type, since: since === undefined ? undefined : parseTime(since) };
    const page = await events(scopeOf(principal), filter, query);
    return listResponse(contract.listEvents, { query }, page, describeEvent);
  }),

  bind(digestContract.getDigest, async ({ query, principal }) => {
    const { tenant_id: tenantId, since, expiring_days: expiringDays } = query;
    const filter = { tenantId, since: since === undefined ? undefined : parseTime(since), expiringDays };
    const page = await digest(scopeOf(principal), filter, query);
    return listResponse(digestContract.getDigest, { query }, page, describeEntry);
  }),
];

const describeEntry = ({ license, daysLeft, exhausted, peak, denials }: DigestEntry) => ({
  license: describeLicense(license),
  days_left: daysLeft,
  exhausted,
  peak,
  denials,
});
