import type { ListedLicense } from '../../api/types.ts';
import { tenantId } from '../../session/place.ts';
import { isVendor } from '../../session/rights.ts';
import { T } from '../../texts.ts';
import { SeatBar } from '../../ui/seat-bar.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { licenseName } from './license-name.ts';
import { LicenseStatus } from './license-status.tsx';

const { columns } = T.licenses;

interface LicenseTableProps {
  readonly licenses: readonly ListedLicense[];
  /** All of them are one customer's, whom the screen names. */
  readonly ofOne?: boolean;
}

export function LicenseTable({ licenses, ofOne = false }: LicenseTableProps) {
  const showCustomer = isVendor() && tenantId.value === undefined && !ofOne;
  return (
    <Table
      caption={T.licenses.title}
      rows={licenses}
      rowKey={({ license_id }) => license_id}
      columns={[
        {
          id: 'label',
          head: columns.label,
          sort: licenseName,
          cell: (license) => (
            <>
              <a href={`/console/licenses/${encodeURIComponent(license.license_id)}`}>{licenseName(license)}</a>
              {licenseName(license) === license.license_id ? null : (
                <div class="quiet small mono">{license.license_id}</div>
              )}
            </>
          ),
        },
        {
          id: 'reference',
          head: columns.reference,
          text: true,
          sort: ({ reference }) => reference ?? '',
          cell: ({ reference }) => reference || <span class="quiet">{T.none}</span>,
        },
        showCustomer
          ? {
              id: 'customer',
              head: columns.customer,
              sort: ({ tenant_id }) => tenant_id,
              cell: ({ tenant_id }) => <a href={`/console/tenants/${encodeURIComponent(tenant_id)}`}>{tenant_id}</a>,
            }
          : undefined,
        { id: 'tier', head: columns.tier, sort: ({ tier }) => tier, cell: ({ tier }) => T.licenses.tiers[tier] },
        {
          id: 'seats',
          head: columns.seats,
          sort: ({ max_seats, seats_used = 0 }) => seats_used / max_seats,
          cell: ({ max_seats, seats_used }) => <SeatBar used={seats_used} total={max_seats} />,
        },
        {
          id: 'status',
          head: columns.status,
          sort: ({ status }) => status,
          cell: (license) => <LicenseStatus license={license} />,
        },
        {
          id: 'ends',
          head: columns.ends,
          sort: ({ expires_at }) => expires_at ?? '9999',
          cell: ({ expires_at }) =>
            expires_at === null ? <span class="quiet">{T.licenses.never}</span> : <Time at={expires_at} style="date" />,
        },
      ]}
    />
  );
}
