import { request } from '../../api/request.ts';
import type { LicenseEvent } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { csvOf, download } from '../../ui/csv.ts';
import { SelectField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { Empty, Loaded, Screen } from '../../ui/screen.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { DifferenceList } from '../audit/difference-list.tsx';
import { changesOf } from './changes.ts';

const text = T.events;

/** Events that an export holds at most. */
const MAX_EXPORTED = 5_000;

const listEvents = (query: Readonly<Record<string, string | undefined>>, signal: AbortSignal, limit = 50) =>
  request<LicenseEvent[]>('GET', '/api/v1/events', { query: { ...query, limit }, signal });

/** What happened, as endpoints are told of it: a digest for those who have none. */
export function EventsScreen() {
  const { filters, set } = useFilters(['type', 'days', 'license_id', 'cursor']);
  const { days, ...rest } = filters;
  const since =
    Number(days) > 0
      ? `${new Date(Date.now() - Number(days) * 86_400_000).toISOString().slice(0, 13)}:00:00Z`
      : undefined;
  const query = { ...rest, since };
  const list = useResource(`events ${JSON.stringify(filters)}`, (signal) => listEvents(query, signal));
  const csv = useAct(async () => {
    const events: LicenseEvent[] = [];
    let cursor: string | undefined;
    do {
      const { data, next } = await listEvents({ ...query, cursor }, new AbortController().signal, 100);
      events.push(...data);
      cursor = next;
    } while (cursor !== undefined && events.length < MAX_EXPORTED);
    download('events.csv', csvOf(['at', 'type', 'tenant_id', 'id', 'data'], events.map(rowOf)));
  });
  return (
    <Screen title={text.title} above={<a href="/console/webhooks">{T.webhooks.title}</a>}>
      <search class="filters">
        <SelectField
          label={text.type}
          value={filters['type'] ?? ''}
          onValue={(type) => set({ type })}
          options={[['', T.licenses.any], ...Object.entries(text.groups)]}
        />
        <SelectField
          label={T.audit.since}
          value={days ?? ''}
          onValue={(value) => set({ days: value })}
          options={[
            ['', T.licenses.any],
            ...[1, 7, 31].map((count) => [String(count), T.audit.lastDays(count)] as const),
          ]}
        />
        <button type="button" onClick={() => void csv.perform()}>
          {csv.pending ? T.working : T.licenses.csv}
        </button>
      </search>
      <FailureNotice failure={csv.failure} />
      <Loaded resource={list}>
        {({ data, next }) =>
          data.length === 0 && filters['cursor'] === undefined ? (
            <Empty title={text.empty} />
          ) : (
            <>
              <EventTable events={data} />
              <nav class="pager" aria-label={T.pages.of(text.title)}>
                {filters['cursor'] === undefined ? null : (
                  <button type="button" onClick={() => history.back()}>
                    {T.pages.previous}
                  </button>
                )}
                {next === undefined ? null : (
                  <button type="button" onClick={() => set({ cursor: next }, true)}>
                    {T.pages.next}
                  </button>
                )}
              </nav>
            </>
          )
        }
      </Loaded>
    </Screen>
  );
}

const rowOf = ({ timestamp, type, tenant_id, id, data }: LicenseEvent) => [
  timestamp,
  type,
  tenant_id,
  id,
  JSON.stringify(data),
];

const EventTable = ({ events }: { events: readonly LicenseEvent[] }) => (
  <Table
    caption={text.title}
    rows={events}
    rowKey={({ id, type }) => `${id} ${type}`}
    columns={[
      { id: 'at', head: T.audit.columns.at, cell: ({ timestamp }) => <Time at={timestamp} /> },
      { id: 'type', head: text.type, cell: ({ type }) => <code>{type}</code> },
      {
        id: 'about',
        head: text.about,
        text: true,
        cell: ({ data: { license_id: id, label } }) =>
          typeof id === 'string' ? (
            <a href={`/console/licenses/${encodeURIComponent(id)}`}>{typeof label === 'string' ? label : id}</a>
          ) : (
            <span class="quiet">{T.none}</span>
          ),
      },
      {
        id: 'change',
        head: T.audit.columns.change,
        text: true,
        cell: ({ data }) => <DifferenceList differences={changesOf(data)} />,
      },
    ]}
  />
);
