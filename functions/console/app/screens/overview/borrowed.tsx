import type { Resource } from '../../api/use-resource.ts';
import { isVendor, may } from '../../session/rights.ts';
import { T } from '../../texts.ts';
import { Loaded } from '../../ui/screen.tsx';
import { recallsLeft } from '../license/recalls-left.ts';
import { licenseName } from '../licenses/license-name.ts';
import { Card } from './card.tsx';
import type { Report } from './reports.ts';

const text = T.overview;

/** Seats that are away: borrowed, or kept away by a copy that outlives its session; and the recalls that are left. */
export function Borrowed({ reports }: { reports: Resource<readonly Report[]> }) {
  return (
    <Card title={text.borrowed}>
      <Loaded resource={reports}>
        {(all) => {
          const away = all
            .filter(({ usage }) => usage.seats_borrowed + usage.copies_outstanding > 0)
            .sort((a, b) => b.usage.copies_outstanding - a.usage.copies_outstanding);
          if (away.length === 0) return <p class="quiet">{text.noneBorrowed}</p>;
          return (
            <ul class="rows">
              {away.map(({ license, usage: { seats_borrowed, copies_outstanding, recalls } }) => (
                <li key={license.license_id}>
                  <div class="row apart">
                    <a
                      href={`/console/licenses/${encodeURIComponent(license.license_id)}${may('listSessions') ? '/holders' : ''}`}
                    >
                      {licenseName(license)}
                    </a>
                    <span class="num">{text.borrowedNow(seats_borrowed)}</span>
                  </div>
                  <p class="quiet small">
                    {copies_outstanding === 0 ? null : `${T.license.outstanding(copies_outstanding)} `}
                    {recalls === null || isVendor() || !may('endSession') ? null : recallsLeft(recalls)}
                  </p>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}
