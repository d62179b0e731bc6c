import { T } from '../../texts.ts';
import { SelectField } from '../../ui/field.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import type { Filters } from '../../ui/use-filters.ts';

interface LicenseFiltersProps {
  readonly filters: Filters;
  readonly set: (change: Filters) => void;
}

const { statuses, tiers } = T.licenses;

export const LicenseFilters = ({ filters, set }: LicenseFiltersProps) => (
  <search class="filters">
    <div class="field grow">
      <SearchField
        label={T.licenses.search}
        placeholder={T.licenses.searchHint}
        value={filters['q'] ?? ''}
        onSearch={(q) => set({ q })}
      />
    </div>
    <SelectField
      label={T.licenses.status}
      value={filters['status'] ?? ''}
      onValue={(status) => set({ status })}
      options={[
        ['', T.licenses.allButArchived],
        ['active', statuses.active],
        ['suspended', statuses.suspended],
        ['archived', statuses.archived],
      ]}
    />
    <SelectField
      label={T.licenses.tier}
      value={filters['tier'] ?? ''}
      onValue={(tier) => set({ tier })}
      options={[['', T.licenses.any], ...Object.entries(tiers)]}
    />
    <SelectField
      label={T.licenses.ending}
      value={filters['ending'] ?? ''}
      onValue={(ending) => set({ ending })}
      options={[
        ['', T.licenses.any],
        ...[30, 90, 365].map((days) => [String(days), T.licenses.endingIn(days)] as const),
      ]}
    />
  </search>
);
