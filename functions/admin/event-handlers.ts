import * as contract from '#shared/contract/events.ts';
import { describeEvent } from '#shared/events/describe-event.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { parseTime } from '#shared/license-format/time.ts';
import type { createEvents } from './events.ts';
import { listResponse } from './list-response.ts';
import { scopeOf } from './scope.ts';

export interface EventDomain {
  readonly events: ReturnType<typeof createEvents>;
}

export const eventRoutes = ({ events }: EventDomain): BoundRoute[] => [
  bind(contract.listEvents, async ({ query, principal }) => {
    const { tenant_id: tenantId, license_id: licenseId, type, since } = query;
    const filter = { tenantId, licenseId, type, since: since === undefined ? undefined : parseTime(since) };
    const page = await events(scopeOf(principal), filter, query);
    return listResponse(contract.listEvents, { query }, page, describeEvent);
  }),
];
