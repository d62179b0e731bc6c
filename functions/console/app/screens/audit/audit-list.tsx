import { listAudit } from '../../api/audit.ts';
import type { AuditRecord } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { csvOf, download } from '../../ui/csv.ts';
import { SelectField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { Empty, Loaded } from '../../ui/screen.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { DifferenceList } from './difference-list.tsx';
import { differencesOf } from './differences.ts';

const text = T.audit;
/** Records that an export holds at most. */
const MAX_EXPORTED = 5_000;

/** Who did what, newest first, with what it was before and after; of one licence, or of all. */
export function AuditList({ licenseId }: { licenseId?: string }) {
  const { filters, set } = useFilters(['actor', 'action', 'days', 'cursor']);
  const { days, ...rest } = filters;
  const query = {
    ...rest,
    license_id: licenseId,
    since:
      Number(days) > 0
        ? `${new Date(Date.now() - Number(days) * 86_400_000).toISOString().slice(0, 13)}:00:00Z`
        : undefined,
  };
  const list = useResource(`audit ${JSON.stringify({ licenseId, ...filters })}`, (signal) => listAudit(query, signal));
  const csv = useAct(async () => {
    const records: AuditRecord[] = [];
    let cursor: string | undefined;
    do {
      const { data, next } = await listAudit({ ...query, cursor }, new AbortController().signal, 100);
      records.push(...data);
      cursor = next;
    } while (cursor !== undefined && records.length < MAX_EXPORTED);
    download('audit.csv', csvOf(HEAD, records.map(rowOf)));
  });
  return (
    <>
      <search class="filters">
        <div class="field grow">
          <SearchField
            label={text.actor}
            placeholder={text.actorHint}
            value={filters['actor'] ?? ''}
            onSearch={(actor) => set({ actor })}
          />
        </div>
        <SelectField
          label={text.action}
          value={filters['action'] ?? ''}
          onValue={(action) => set({ action })}
          options={[['', T.licenses.any], ...Object.entries(text.actions)]}
        />
        <SelectField
          label={text.since}
          value={filters['days'] ?? ''}
          onValue={(since) => set({ days: since })}
          options={[['', T.licenses.any], ...[1, 7, 31].map((count) => [String(count), text.lastDays(count)] as const)]}
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
              <AuditTable records={data} showLicense={licenseId === undefined} />
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
    </>
  );
}

const HEAD = [
  'at',
  'actor',
  'action',
  'tenant_id',
  'license_id',
  'session',
  'outcome',
  'ip',
  'request_id',
  'details',
] as const;

const rowOf = (record: AuditRecord) => [
  record.at,
  record.actor.email ?? record.actor.id,
  record.action,
  record.tenant_id,
  record.license_id,
  record.session,
  record.outcome,
  record.ip,
  record.request_id,
  JSON.stringify(record.details),
];

const actionName = (action: string): string => (text.actions as Readonly<Record<string, string>>)[action] ?? action;

const AuditTable = ({ records, showLicense }: { records: readonly AuditRecord[]; showLicense: boolean }) => (
  <Table
    caption={text.title}
    rows={records}
    rowKey={({ audit_id }) => audit_id}
    columns={[
      { id: 'at', head: text.columns.at, cell: ({ at }) => <Time at={at} /> },
      {
        id: 'who',
        head: text.columns.who,
        text: true,
        cell: ({ actor }) => (
          <>
            {actor.email ?? actor.id}
            {actor.kind === 'user' ? null : <div class="quiet small">{actor.kind}</div>}
          </>
        ),
      },
      { id: 'what', head: text.columns.what, cell: ({ action }) => actionName(action) },
      showLicense
        ? {
            id: 'license',
            head: text.columns.license,
            cell: ({ license_id, tenant_id }) =>
              license_id === null ? (
                <span class="quiet">{tenant_id || T.none}</span>
              ) : (
                <a href={`/console/licenses/${encodeURIComponent(license_id)}`}>{license_id}</a>
              ),
          }
        : undefined,
      {
        id: 'change',
        head: text.columns.change,
        text: true,
        cell: ({ details, request_id, ip }) => (
          <>
            <Differences details={details} />
            <details class="quiet small">
              <summary>{text.request}</summary>
              <code>{request_id}</code> · {ip}
            </details>
          </>
        ),
      },
    ]}
  />
);

/** Changes that are shown at once; a creation has dozens of members, of which most are usual. */
const SHOWN = 4;

function Differences({ details }: { details: AuditRecord['details'] }) {
  const all = differencesOf(details);
  return (
    <>
      <DifferenceList differences={all.slice(0, SHOWN)} />
      {all.length > SHOWN ? (
        <details>
          <summary class="small">{text.more(all.length - SHOWN)}</summary>
          <DifferenceList differences={all.slice(SHOWN)} />
        </details>
      ) : null}
    </>
  );
}
