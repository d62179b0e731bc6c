import { request } from '../../api/request.ts';
import type { DigestEntry } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Loaded } from '../../ui/screen.tsx';
import { licenseName } from '../licenses/license-name.ts';
import { Card } from './card.tsx';
import { LOOKED_THROUGH, yesterday } from './reports.ts';

const text = T.overview;

/** Licences that refused somebody since yesterday began (UTC), those that have ended or are suspended among them. */
export function Refused() {
  const digest = useResource(
    'digest',
    async (signal) =>
      (
        await request<DigestEntry[]>('GET', '/api/v1/digest', {
          query: { since: yesterday(), limit: LOOKED_THROUGH },
          signal,
        })
      ).data,
  );
  return (
    <Card title={text.refused}>
      <Loaded resource={digest}>
        {(entries) => {
          const refused = entries
            .map(({ license, denials }) => ({
              license,
              count: Object.values(denials).reduce((sum, one) => sum + one, 0),
            }))
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
