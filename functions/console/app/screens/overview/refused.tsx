import type { ListedLicense, Usage } from '../../api/types.ts';
import { getUsage } from '../../api/usage.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Loaded } from '../../ui/screen.tsx';
import { licenseName } from '../licenses/license-name.ts';
import { Card } from './card.tsx';

const text = T.overview;

/** Licences whose refusals are looked up, the fullest first: a report each. */
const LOOKED_UP = 12;
const DAY = 86_400_000;

interface Denied {
  readonly license: ListedLicense;
  readonly count: number;
}

/** Who was refused a seat since yesterday began (UTC). */
export function Refused({ licenses }: { licenses: readonly ListedLicense[] | undefined }) {
  const fullest = [...(licenses ?? [])]
    .sort((a, b) => (b.seats_used ?? 0) / b.max_seats - (a.seats_used ?? 0) / a.max_seats)
    .slice(0, LOOKED_UP);
  const name = licenses === undefined ? undefined : `refused ${fullest.map(({ license_id }) => license_id).join()}`;
  const refused = useResource(name, async (signal) => {
    const yesterday = `${new Date(Date.now() - DAY).toISOString().slice(0, 10)}T00:00:00Z`;
    const found: Denied[] = [];
    for (const license of fullest) {
      const usage = await getUsage(license.license_id, { resolution: 'day', from: yesterday }, signal);
      found.push({ license, count: deniedIn(usage) });
    }
    return found.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
  });
  return (
    <Card title={text.refused}>
      <Loaded resource={refused}>
        {(found) =>
          found.length === 0 ? (
            <p class="quiet">{text.noneRefused}</p>
          ) : (
            <ul class="rows">
              {found.map(({ license, count }) => (
                <li key={license.license_id} class="row apart">
                  <a href={`/console/licenses/${encodeURIComponent(license.license_id)}/usage?range=48h`}>
                    {licenseName(license)}
                  </a>
                  <span class="num">{text.times(count)}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

const deniedIn = ({ denials }: Usage): number =>
  denials.reduce(
    (sum, { at: _at, ...counts }) => sum + Object.values(counts).reduce((all, count) => all + count, 0),
    0,
  );
