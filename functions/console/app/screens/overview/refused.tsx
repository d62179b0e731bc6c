import type { Usage } from '../../api/types.ts';
import type { Resource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Loaded } from '../../ui/screen.tsx';
import { licenseName } from '../licenses/license-name.ts';
import { Card } from './card.tsx';
import type { Report } from './reports.ts';

const text = T.overview;

/** Who was refused a seat since yesterday began (UTC). */
export function Refused({ reports }: { reports: Resource<readonly Report[]> }) {
  return (
    <Card title={text.refused}>
      <Loaded resource={reports}>
        {(all) => {
          const refused = all
            .map(({ license, usage }) => ({ license, count: deniedIn(usage) }))
            .filter(({ count }) => count > 0)
            .sort((a, b) => b.count - a.count);
          if (refused.length === 0) return <p class="quiet">{text.noneRefused}</p>;
          return (
            <ul class="rows">
              {refused.map(({ license, count }) => (
                <li key={license.license_id} class="row apart">
                  <a href={`/console/licenses/${encodeURIComponent(license.license_id)}/usage?range=48h`}>
                    {licenseName(license)}
                  </a>
                  <span class="num">{text.times(count)}</span>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}

const deniedIn = ({ denials }: Usage): number =>
  denials.reduce(
    (sum, { at: _at, ...counts }) => sum + Object.values(counts).reduce((all, count) => all + count, 0),
    0,
  );
