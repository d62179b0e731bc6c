import { useState } from 'preact/hooks';
import { listSessions } from '../../api/licenses.ts';
import type { License, Session } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { TextField } from '../../ui/field.tsx';
import { Empty, Loaded } from '../../ui/screen.tsx';
import { SeatBar } from '../../ui/seat-bar.tsx';
import { nameOf } from './holder-name.ts';
import { HolderTable } from './holder-table.tsx';
import { TakeBack } from './take-back.tsx';

/** More holders than anybody looks through; beyond them the list says that it is not complete. */
const MAX_HOLDERS = 2_500;

/** Milliseconds between polls of a list that fits one page; each further page takes a request more, so it is asked for less often. */
const PERIOD = 10_000;

const text = T.holders;

/** Who holds the seats now, live while the page is visible. */
export function Holders({ license }: { license: License }) {
  const [find, setFind] = useState('');
  const [ending, setEnding] = useState<Session>();
  const [size, setSize] = useState(0);
  const period = PERIOD * Math.max(1, Math.ceil(size / 100));
  const list = useResource(
    `holders ${license.license_id}`,
    async (signal) => {
      const pages = await listSessions(license.license_id, signal, MAX_HOLDERS);
      setSize(pages.items.length);
      return pages;
    },
    period,
  );
  return (
    <Loaded resource={list}>
      {({ items, complete }) => {
        const shown = items.filter((one) => matches(one, find));
        return (
          <>
            <div class="row apart holders-head">
              <div class="big">
                <SeatBar used={items.length} total={license.max_seats} />
              </div>
              <p class="quiet small">{text.live(period / 1000)}</p>
            </div>
            {items.length > 5 || find !== '' ? (
              <div class="filters">
                <div class="field grow">
                  <TextField label={text.find} type="search" value={find} onValue={setFind} />
                </div>
              </div>
            ) : null}
            {items.length === 0 ? (
              <Empty title={text.emptyTitle}>
                <p>{text.emptyText}</p>
              </Empty>
            ) : shown.length === 0 ? (
              <Empty title={text.noMatch(find)} />
            ) : (
              <HolderTable
                sessions={shown}
                lease={license.lease_seconds}
                now={list.at ?? Date.now()}
                onTakeBack={setEnding}
              />
            )}
            {complete ? null : <p class="quiet">{text.more(items.length)}</p>}
            {ending === undefined ? null : (
              <TakeBack
                session={ending}
                license={license}
                onClose={() => setEnding(undefined)}
                onDone={() => {
                  setEnding(undefined);
                  list.reload();
                }}
              />
            )}
          </>
        );
      }}
    </Loaded>
  );
}

const matches = (session: Session, find: string): boolean =>
  [nameOf(session), session.hostname, session.user_email, session.machine, session.platform].some((one) =>
    one?.toLowerCase().includes(find.trim().toLowerCase()),
  );
