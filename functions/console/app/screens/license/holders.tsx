import { useState } from 'preact/hooks';
import { listSessions, type Pages } from '../../api/licenses.ts';
import type { Session } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { csvOf, download } from '../../ui/csv.ts';
import { TextField } from '../../ui/field.tsx';
import { Empty, Loaded } from '../../ui/screen.tsx';
import { SeatBar } from '../../ui/seat-bar.tsx';
import { useSteady } from '../../ui/use-steady.ts';
import type { HeldLicense } from './held-license.ts';
import { nameOf } from './holder-name.ts';
import { HolderTable } from './holder-table.tsx';
import { TakeBack } from './take-back.tsx';

/** More holders than anybody looks through; beyond them the list says that it is not complete. */
const MAX_HOLDERS = 2_500;

/** Milliseconds between polls of a list that fits one page; each further page takes a request more, so it is asked for less often. */
const PERIOD = 10_000;

/** Seconds, where the licence's own are not known. */
const DEFAULT_LEASE = 360;

const text = T.holders;

/** Who holds the seats now, live while the page is visible. */
export function Holders({ license }: { license: HeldLicense }) {
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
      {(pages) => (
        <HolderList pages={pages} license={license} now={list.at ?? Date.now()} period={period} reload={list.reload} />
      )}
    </Loaded>
  );
}

interface HolderListProps {
  readonly pages: Pages<Session>;
  readonly license: HeldLicense;
  readonly now: number;
  /** Milliseconds between polls. */
  readonly period: number;
  readonly reload: () => void;
}

function HolderList({ pages: { items, complete }, license, now, period, reload }: HolderListProps) {
  const [find, setFind] = useState('');
  const [ending, setEnding] = useState<Session>();
  const [awaited, setAwaited] = useState<string>();
  const steady = useSteady(items, ({ session }) => session);
  // The row of a seat that the reader has taken back leaves as soon as the list says so.
  if (awaited !== undefined && steady.gone.has(awaited)) {
    setAwaited(undefined);
    steady.show();
  }
  const shown = steady.shown.filter((one) => matches(one, find));
  return (
    <>
      <div class="row apart holders-head">
        <div class="big">
          <SeatBar used={items.length} total={license.max_seats} />
        </div>
        <div class="row">
          {steady.changes === 0 ? (
            <p class="quiet small">{text.live(period / 1000)}</p>
          ) : (
            <button type="button" class="small" onClick={steady.show}>
              {text.changes(steady.changes)}
            </button>
          )}
          {items.length === 0 ? null : (
            <button type="button" class="small" onClick={() => exportHolders(license.license_id, items)}>
              {T.licenses.csv}
            </button>
          )}
        </div>
      </div>
      {items.length > 5 || find !== '' ? (
        <div class="filters">
          <div class="field grow">
            <TextField label={text.find} type="search" value={find} onValue={setFind} />
          </div>
        </div>
      ) : null}
      {steady.shown.length === 0 ? (
        <Empty title={text.emptyTitle}>
          <p>{text.emptyText}</p>
        </Empty>
      ) : shown.length === 0 ? (
        <Empty title={text.noMatch(find)} />
      ) : (
        <HolderTable
          sessions={shown}
          gone={steady.gone}
          lease={license.lease_seconds ?? DEFAULT_LEASE}
          now={now}
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
            setAwaited(ending.session);
            setEnding(undefined);
            reload();
          }}
        />
      )}
    </>
  );
}

const EXPORTED = [
  'session',
  'user_email',
  'hostname',
  'machine',
  'platform',
  'client_version',
  'key',
  'acquired_at',
  'last_heartbeat',
  'expires_at',
  'borrowed_until',
] as const;

const exportHolders = (licenseId: string, sessions: readonly Session[]) =>
  download(
    `holders-${licenseId}.csv`,
    csvOf(
      EXPORTED,
      sessions.map((session) => EXPORTED.map((name) => session[name])),
    ),
  );

const matches = (session: Session, find: string): boolean =>
  [nameOf(session), session.hostname, session.user_email, session.machine, session.platform].some((one) =>
    one?.toLowerCase().includes(find.trim().toLowerCase()),
  );
