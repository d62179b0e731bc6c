import { Fragment } from 'preact';
import { listLicenses, listSessions } from '../../api/licenses.ts';
import type { License, Session } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { may } from '../../session/rights.ts';
import { session } from '../../session/session.ts';
import { T } from '../../texts.ts';
import { Badge, BorrowedBadge } from '../../ui/badge.tsx';
import { Empty, Loaded, Screen } from '../../ui/screen.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { licenseName } from '../licenses/license-name.ts';
import { ByKey } from './by-key.tsx';

const text = T.mySeats;

interface MySeat {
  readonly license: License;
  readonly session: Session;
}

/** Licences whose sessions are looked through, and sessions of each. */
const MAX_LICENSES = 20;
const MAX_SESSIONS = 500;

/** The seats that are held in the person's name: programs give the address, so it is a hint and no proof. */
export function MySeatsScreen() {
  const email = session.value.state === 'signed_in' ? (session.value.email ?? '') : '';
  const seats = useResource(may('listSessions') ? 'my seats' : undefined, async (signal) => {
    const { data } = await listLicenses({}, signal, MAX_LICENSES);
    const mine: MySeat[] = [];
    for (const license of data.filter(({ seats_used = 0 }) => seats_used > 0)) {
      const { items } = await listSessions(license.license_id, signal, MAX_SESSIONS);
      mine.push(
        ...items
          .filter(({ user_email }) => user_email?.toLowerCase() === email.toLowerCase())
          .map((one) => ({ license, session: one })),
      );
    }
    return mine;
  });
  return (
    <Screen title={text.title}>
      {may('listSessions') ? (
        <Loaded resource={seats}>
          {(mine) =>
            mine.length === 0 ? (
              <Empty title={text.none}>
                <p>{text.noneText(email)}</p>
              </Empty>
            ) : (
              <Table
                caption={text.title}
                rows={mine}
                rowKey={({ session: one }) => one.session}
                columns={[
                  {
                    id: 'license',
                    head: T.licenses.columns.label,
                    sort: ({ license }) => licenseName(license),
                    cell: ({ license }) => (
                      <a href={`/console/licenses/${encodeURIComponent(license.license_id)}`}>{licenseName(license)}</a>
                    ),
                  },
                  {
                    id: 'machine',
                    head: T.holders.columns.machine,
                    text: true,
                    cell: ({ session: one }) => one.hostname ?? one.machine,
                  },
                  {
                    id: 'since',
                    head: T.holders.columns.since,
                    cell: ({ session: one }) => <Time at={one.acquired_at} />,
                  },
                  {
                    id: 'heard',
                    head: T.holders.columns.heard,
                    cell: ({ session: one }) => <Time at={one.last_heartbeat} style="ago" now={seats.at} />,
                  },
                  {
                    id: 'kind',
                    head: T.holders.columns.kind,
                    cell: ({ session: { borrowed_until: until } }) =>
                      until === undefined ? (
                        <Badge kind="good">{T.holders.online}</Badge>
                      ) : (
                        <BorrowedBadge until={until} />
                      ),
                  },
                ]}
              />
            )
          }
        </Loaded>
      ) : (
        <p>{text.guest}</p>
      )}
      <div class="stack after">
        <section class="panel" aria-labelledby="how">
          <h2 id="how">{text.howTitle}</h2>
          <dl class="how">
            {text.how.map(([what, words, command]) => (
              <Fragment key={what}>
                <dt>{what}</dt>
                <dd>
                  {words} {command === undefined ? null : <code>{command}</code>}
                </dd>
              </Fragment>
            ))}
          </dl>
        </section>
        <ByKey />
      </div>
    </Screen>
  );
}
