import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { listLicenses } from '../../api/licenses.ts';
import { useResource } from '../../api/use-resource.ts';
import { isVendor, may } from '../../session/rights.ts';
import { T } from '../../texts.ts';
import { Empty, Loaded, Screen } from '../../ui/screen.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { ExportLicenses } from './export-licenses.tsx';
import { FindByKey } from './find-by-key.tsx';
import { LicenseFilters } from './license-filters.tsx';
import { LicenseTable } from './license-table.tsx';

const PAGE_SIZE = 50;

/** All licences of the chosen customer, or of all, page by page. Search and filters stand in the address. */
export function LicensesScreen() {
  const { filters, set } = useFilters(['q', 'status', 'tier', 'ending', 'cursor']);
  const { route } = useLocation();
  const [finding, setFinding] = useState(false);
  const { ending, ...rest } = filters;
  const days = Number(ending);
  const list = useResource(`licenses ${JSON.stringify(filters)}`, (signal) =>
    listLicenses({ ...rest, ...(days > 0 ? { expires_before: inDays(days) } : {}) }, signal, PAGE_SIZE),
  );
  const filtered = Object.keys(filters).some((name) => name !== 'cursor');
  return (
    <Screen
      title={T.licenses.title}
      actions={
        <>
          {may('lookupLicense') ? (
            <button type="button" onClick={() => setFinding(true)}>
              {T.licenses.findByKey}
            </button>
          ) : null}
          <ExportLicenses filter={{ ...rest, ...(days > 0 ? { expires_before: inDays(days) } : {}) }} />
          {may('createLicense') ? (
            <a class="button primary" href="/console/licenses/new">
              {T.licenses.create}
            </a>
          ) : null}
        </>
      }
    >
      <LicenseFilters filters={filters} set={set} />
      <Loaded resource={list}>
        {({ data, next }) =>
          data.length === 0 && next === undefined && filters['cursor'] === undefined ? (
            <NoLicenses filtered={filtered} clear={() => route('/console/licenses')} />
          ) : (
            <>
              <LicenseTable licenses={data} />
              <nav class="pager" aria-label={T.pages.of(T.licenses.title)}>
                {filters['cursor'] === undefined ? null : (
                  <button type="button" onClick={() => history.back()}>
                    {T.pages.previous}
                  </button>
                )}
                <span class="quiet">{T.licenses.count(data.length)}</span>
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
      {finding ? <FindByKey onClose={() => setFinding(false)} /> : null}
    </Screen>
  );
}

/** Midnight, so that the address of the request stays the same through the day. */
const inDays = (days: number) => `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`;

function NoLicenses({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  if (filtered) {
    return (
      <Empty title={T.licenses.noMatch}>
        <button type="button" onClick={clear}>
          {T.licenses.clear}
        </button>
      </Empty>
    );
  }
  return (
    <Empty title={T.licenses.emptyTitle}>
      <p>{isVendor() ? T.licenses.emptyVendor : T.licenses.emptyCustomer}</p>
      {may('createLicense') ? (
        <a class="button primary" href="/console/licenses/new">
          {T.licenses.create}
        </a>
      ) : null}
    </Empty>
  );
}
