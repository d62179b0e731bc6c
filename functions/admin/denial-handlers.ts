import type * as z from 'zod';
import * as contract from '#shared/contract/denials.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { formatTime, parseTime } from '#shared/license-format/time.ts';
import type { DenialRecord } from '#shared/model/denial-record.ts';
import type { EveryMember } from '#shared/model/every-member.ts';
import type { createDenials } from './denials.ts';
import { listResponse } from './list-response.ts';
import { scopeOf } from './scope.ts';

export interface DenialDomain {
  readonly denials: ReturnType<typeof createDenials>;
}

export const denialRoutes = ({ denials }: DenialDomain): BoundRoute[] => [
  bind(contract.listDenials, async ({ params, query, principal }) => {
    const period = { since: timeOf(query.since), before: timeOf(query.before) };
    const page = await denials(scopeOf(principal), params.license_id, period, query);
    return listResponse(contract.listDenials, { params, query }, page, describeDenial);
  }),
];

const timeOf = (text: string | undefined) => (text === undefined ? undefined : parseTime(text));

export const describeDenial = (record: DenialRecord): EveryMember<z.output<typeof contract.denial>> => ({
  hour: formatTime(record.hour),
  last_at: formatTime(record.last_at),
  count: record.count,
  reason: record.reason,
  machine: record.machine.slice(0, 8),
  user_email: record.user_email,
  hostname: record.hostname,
  platform: record.platform,
  client_version: record.client_version,
});
