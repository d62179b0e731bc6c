import type * as z from 'zod';
import * as contract from '#shared/contract/admin.ts';
import type { BoundRoute, HttpResponse } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { toCsv } from './csv.ts';
import { prefersCsv } from './prefers-csv.ts';
import { scopeOf } from './scope.ts';
import type { createUsage, Usage, UsageBucket } from './usage.ts';

export interface UsageDomain {
  readonly usage: ReturnType<typeof createUsage>;
}

export const usageRoutes = ({ usage }: UsageDomain): BoundRoute[] => [
  bind(contract.getUsage, async ({ params, query, principal, headers }) => {
    const { resolution, from, to } = query;
    const period = { resolution, from: timeOf(from), to: timeOf(to) };
    const report = await usage(scopeOf(principal), params.license_id, period);
    return prefersCsv(headers['accept']) ? describeTable(report) : { status: 200, body: describeUsage(report) };
  }),
];

/** The route's schema has checked it. */
const timeOf = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));

/** Ten-thousandths of an hour are a third of a second. */
const inHours = (hours: number) => Math.round(hours * 10_000) / 10_000;

function describeUsage(usage: Usage): z.output<(typeof contract.getUsage.responses)[200]['schema']> {
  const { seatsUsed, seatsTotal, recalls, period, exactFrom, buckets } = usage;
  return {
    seats_used: seatsUsed,
    seats_total: seatsTotal,
    seats_borrowed: usage.seatsBorrowed,
    copies_outstanding: usage.copiesOutstanding,
    recalls: recalls && {
      max: recalls.max,
      left: recalls.left,
      next_at: recalls.nextAt === undefined ? null : formatTime(recalls.nextAt),
    },
    utilization: seatsUsed / seatsTotal,
    resolution: period.resolution,
    from: formatTime(period.from),
    to: formatTime(period.to),
    exact_from: formatTime(exactFrom),
    peak: buckets.filter(({ peak }) => peak > 0).map(({ at, peak }) => ({ at: formatTime(at), seats: peak })),
    seat_hours: buckets.flatMap(({ at, seatHours = 0 }) =>
      seatHours === 0 ? [] : [{ at: formatTime(at), hours: inHours(seatHours) }],
    ),
    denials: buckets.flatMap(({ at, denials }) =>
      Object.keys(denials).length === 0 ? [] : [{ at: formatTime(at), no_seats: 0, ...denials }],
    ),
  };
}

function describeTable({ licenseId, label, period, buckets }: Usage): HttpResponse {
  const reasons = reasonsOf(buckets);
  const rows = buckets.map(({ at, peak, seatHours, denials }) => [
    licenseId,
    label,
    formatTime(at),
    peak,
    seatHours === undefined ? undefined : inHours(seatHours),
    ...reasons.map((reason) => denials[reason] ?? 0),
  ]);
  return {
    status: 200,
    headers: {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="usage-${licenseId}-${period.resolution}.csv"`,
    },
    body: toCsv(['license_id', 'label', 'at', 'peak', 'seat_hours', ...reasons], rows),
  };
}

/** `no_seats` first, which every table has. */
function reasonsOf(buckets: readonly UsageBucket[]): string[] {
  const others = new Set(buckets.flatMap(({ denials }) => Object.keys(denials)));
  others.delete('no_seats');
  return ['no_seats', ...[...others].sort()];
}
