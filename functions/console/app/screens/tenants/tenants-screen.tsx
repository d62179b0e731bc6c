import { useState } from 'preact/hooks';
import { listTenants } from '../../api/tenants.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Empty, Loaded, Screen } from '../../ui/screen.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import { SeatBar } from '../../ui/seat-bar.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { TenantForm } from './tenant-form.tsx';

const text = T.tenants;

/** The vendor's customers. */
export function TenantsScreen() {
  const { filters, set } = useFilters(['q', 'cursor']);
  const [creating, setCreating] = useState(false);
  const list = useResource(`tenants ${JSON.stringify(filters)}`, (signal) => listTenants(filters, signal));
  return (
    <Screen
      title={text.title}
      actions={
        <button type="button" class="primary" onClick={() => setCreating(true)}>
          {text.create}
        </button>
      }
    >
      <search class="filters">
        <div class="field grow">
          <SearchField
            label={T.licenses.search}
            placeholder={text.searchHint}
            value={filters['q'] ?? ''}
            onSearch={(q) => set({ q })}
          />
        </div>
      </search>
      <Loaded resource={list}>
        {({ data, next }) =>
          data.length === 0 && next === undefined ? (
            <Empty title={filters['q'] === undefined ? text.empty : text.noMatch} />
          ) : (
            <>
              <Table
                caption={text.title}
                rows={data}
                rowKey={({ tenant_id }) => tenant_id}
                columns={[
                  {
                    id: 'name',
                    head: text.columns.name,
                    sort: ({ name }) => name.toLowerCase(),
                    cell: ({ name, tenant_id }) => (
                      <>
                        <a href={`/console/tenants/${encodeURIComponent(tenant_id)}`}>{name}</a>
                        <div class="quiet small mono">{tenant_id}</div>
                      </>
                    ),
                  },
                  {
                    id: 'reference',
                    head: T.licenses.columns.reference,
                    text: true,
                    cell: ({ reference }) => reference || <span class="quiet">{T.none}</span>,
                  },
                  {
                    id: 'tier',
                    head: T.licenses.columns.tier,
                    sort: ({ tier }) => tier,
                    cell: ({ tier }) => T.licenses.tiers[tier],
                  },
                  {
                    id: 'seats',
                    head: text.columns.allotted,
                    sort: ({ seats_allotted }) => seats_allotted,
                    cell: ({ seats_allotted, seat_limit }) =>
                      seat_limit === null ? (
                        T.seats.total(seats_allotted)
                      ) : (
                        <SeatBar used={seats_allotted} total={seat_limit} />
                      ),
                  },
                  {
                    id: 'since',
                    head: text.columns.since,
                    sort: ({ created_at }) => created_at,
                    cell: ({ created_at }) => <Time at={created_at} style="date" />,
                  },
                ]}
              />
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
      {creating ? <TenantForm onClose={() => setCreating(false)} /> : null}
    </Screen>
  );
}
