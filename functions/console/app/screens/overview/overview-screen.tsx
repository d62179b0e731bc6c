import type { ComponentChildren } from 'preact';
import { listLicenses } from '../../api/licenses.ts';
import type { ListedLicense } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { may } from '../../session/rights.ts';
import { T } from '../../texts.ts';
import { Notice } from '../../ui/notice.tsx';
import { Loaded, Screen } from '../../ui/screen.tsx';
import { SeatBar } from '../../ui/seat-bar.tsx';
import { Time } from '../../ui/time.tsx';
import { licenseName } from '../licenses/license-name.ts';
import { Borrowed } from './borrowed.tsx';
import { Card } from './card.tsx';
import { FailingWebhooks } from './failing-webhooks.tsx';
import { Refused } from './refused.tsx';
import { borrowable, LOOKED_THROUGH, readReports } from './reports.ts';

const text = T.overview;

const DAYS = 30;
/** Rows of a card; the licences' own screen has the rest. */
const SHOWN = 8;
/** Seats in use from which on a licence is nearly full. */
const NEARLY = 0.8;

/** What needs somebody's attention, with the way to it. */
export function OverviewScreen() {
  const all = useResource('overview licences', (signal) => listLicenses({ status: 'active' }, signal, LOOKED_THROUGH));
  const ending = useResource('overview ending', async (signal) => {
    const before = `${new Date(Date.now() + DAYS * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`;
    return (await listLicenses({ status: 'active', expires_before: before }, signal, 100)).data;
  });
  const asked = borrowable(all.data?.data ?? []);
  const reports = useResource(
    asked.length === 0 ? undefined : `reports ${asked.map(({ license_id }) => license_id).join()}`,
    (signal) => readReports(asked, signal),
  );
  return (
    <Screen title={T.nav.overview}>
      {all.data?.next === undefined ? null : (
        <Notice>
          {text.notAll(LOOKED_THROUGH)} <a href="/console/licenses">{T.licenses.title}</a>
        </Notice>
      )}
      <div class="columns">
        <Card title={text.full}>
          <Loaded resource={all}>
            {({ data: licenses }) => (
              <Rows
                licenses={nearlyFull(licenses)}
                none={licenses.length === 0 ? T.licenses.emptyTitle : text.noneFull}
                side={(one) => <SeatBar used={one.seats_used} total={one.max_seats} />}
                to={may('listSessions') ? '/holders' : ''}
              />
            )}
          </Loaded>
        </Card>
        <Refused />
        <Card title={text.ending(DAYS)}>
          <Loaded resource={ending}>
            {(licenses) => (
              <Rows
                licenses={[...licenses].sort((a, b) => ((a.expires_at ?? '') < (b.expires_at ?? '') ? -1 : 1))}
                none={text.noneEnding}
                side={({ expires_at }) => (expires_at === null ? null : <Time at={expires_at} style="date" />)}
                to=""
              />
            )}
          </Loaded>
        </Card>
        {asked.length > 0 ? <Borrowed reports={reports} /> : null}
        {may('listWebhooks') ? <FailingWebhooks /> : null}
      </div>
    </Screen>
  );
}

const share = ({ seats_used = 0, max_seats }: ListedLicense) => seats_used / max_seats;

const nearlyFull = (licenses: readonly ListedLicense[]) =>
  licenses.filter((one) => share(one) >= NEARLY).sort((a, b) => share(b) - share(a));

interface RowsProps {
  readonly licenses: readonly ListedLicense[];
  readonly none: string;
  readonly side: (license: ListedLicense) => ComponentChildren;
  /** The part of the licence that a row leads to. */
  readonly to: string;
}

function Rows({ licenses, none, side, to }: RowsProps) {
  if (licenses.length === 0) return <p class="quiet">{none}</p>;
  return (
    <ul class="rows">
      {licenses.slice(0, SHOWN).map((license) => (
        <li key={license.license_id} class="row apart">
          <a href={`/console/licenses/${encodeURIComponent(license.license_id)}${to}`}>{licenseName(license)}</a>
          {side(license)}
        </li>
      ))}
      {licenses.length > SHOWN ? (
        <li>
          <a href="/console/licenses">{text.more(licenses.length - SHOWN)}</a>
        </li>
      ) : null}
    </ul>
  );
}
