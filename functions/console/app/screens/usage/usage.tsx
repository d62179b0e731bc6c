import { useId } from 'preact/hooks';
import type { Usage as Report } from '../../api/types.ts';
import { getUsage, getUsageCsv, type UsageQuery } from '../../api/usage.ts';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { may } from '../../session/rights.ts';
import { locale, T } from '../../texts.ts';
import { download } from '../../ui/csv.ts';
import { SelectField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { Empty, Loaded } from '../../ui/screen.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import type { HeldLicense } from '../license/held-license.ts';
import { type Bucket, bucketsOf } from './buckets.ts';
import { Chart } from './chart.tsx';
import { WhoWasRefused } from './who-was-refused.tsx';

const text = T.usage;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Ranges by their name in the address: the resolution, and how far back in milliseconds. */
const RANGES: Readonly<Record<string, { readonly resolution: 'day' | 'hour'; readonly back: number }>> = {
  '24h': { resolution: 'hour', back: 23 * HOUR },
  '48h': { resolution: 'hour', back: 47 * HOUR },
  '7d': { resolution: 'hour', back: 7 * DAY - HOUR },
  '31d': { resolution: 'day', back: 30 * DAY },
  '90d': { resolution: 'day', back: 89 * DAY },
};

const hour = new Intl.DateTimeFormat(locale(), { weekday: 'short', hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(locale(), { month: 'short', day: 'numeric', timeZone: 'UTC' });

/** Peaks of use and refused requests over time, as a chart, a sentence and a table. */
export function Usage({ license }: { license: HeldLicense }) {
  const { filters, set } = useFilters(['range']);
  const range = filters['range'] !== undefined && Object.hasOwn(RANGES, filters['range']) ? filters['range'] : '31d';
  const query = queryOf(range);
  const usage = useResource(
    `usage ${license.license_id} ${range}`,
    (signal) => getUsage(license.license_id, query, signal),
    60_000,
  );
  const csv = useAct(async () =>
    download(`usage-${license.license_id}-${query.resolution}.csv`, await getUsageCsv(license.license_id, query)),
  );
  return (
    <>
      <div class="filters">
        <SelectField
          label={text.range}
          value={range}
          onValue={(next) => set({ range: next })}
          options={Object.entries(text.ranges)}
        />
        <button type="button" onClick={() => void csv.perform()}>
          {csv.pending ? T.working : T.licenses.csv}
        </button>
      </div>
      <FailureNotice failure={csv.failure} />
      <Loaded resource={usage}>
        {(report) => {
          const buckets = bucketsOf(report, usage.at ?? Date.now());
          const denied = buckets.reduce((sum, one) => sum + one.denied, 0);
          return (
            <>
              <ReportView report={report} buckets={buckets} denied={denied} />
              {denied > 0 && may('listDenials') ? (
                <WhoWasRefused licenseId={license.license_id} since={report.from} denied={denied} />
              ) : null}
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function queryOf(range: string): UsageQuery {
  const { resolution, back } = RANGES[range] ?? { resolution: 'day', back: 30 * DAY };
  const step = resolution === 'hour' ? HOUR : DAY;
  return { resolution, from: new Date(Math.floor((Date.now() - back) / step) * step).toISOString() };
}

interface ReportViewProps {
  readonly report: Report;
  readonly buckets: readonly Bucket[];
  readonly denied: number;
}

function ReportView({ report, buckets, denied: allDenied }: ReportViewProps) {
  const id = useId();
  const hourly = report.resolution === 'hour';
  const labelOf = ({ at }: Bucket) => (hourly ? hour : day).format(at);
  const busy = buckets.filter(({ peak, denied }) => peak > 0 || denied > 0);
  if (busy.length === 0) return <Empty title={text.nothing} />;
  const highest = busy.reduce((best, one) => (one.peak > best.peak ? one : best));
  return (
    <>
      <p id={id} class="holders-head">
        {text.sentence({
          peak: highest.peak,
          at: labelOf(highest),
          seats: report.seats_total,
          denied: allDenied,
          hourly,
        })}
      </p>
      <Chart buckets={buckets} seats={report.seats_total} labelOf={labelOf} describedBy={id} />
      <Table
        caption={text.table}
        rows={[...busy].reverse()}
        rowKey={({ at }) => String(at)}
        columns={[
          {
            id: 'at',
            head: hourly ? text.hour : text.day,
            sort: ({ at }) => at,
            cell: ({ at }) =>
              hourly ? (
                <Time at={new Date(at).toISOString()} />
              ) : (
                <time dateTime={new Date(at).toISOString().slice(0, 10)}>{day.format(at)} UTC</time>
              ),
          },
          { id: 'peak', head: text.peak, number: true, sort: ({ peak }) => peak, cell: ({ peak }) => peak },
          {
            id: 'denied',
            head: text.denied,
            number: true,
            sort: ({ denied: count }) => count,
            cell: ({ denied: count, reasons }) =>
              count === 0 ? (
                <span class="quiet">0</span>
              ) : (
                reasons.map(([reason, times]) => text.reason(reason, times)).join(', ')
              ),
          },
          {
            id: 'hours',
            head: text.seatHours,
            number: true,
            sort: ({ seatHours = 0 }) => seatHours,
            cell: ({ seatHours }) =>
              seatHours === undefined ? <span class="quiet">{T.none}</span> : seatHours.toFixed(1),
          },
        ]}
      />
    </>
  );
}
