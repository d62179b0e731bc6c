import type { Session } from '../../api/types.ts';
import { may } from '../../session/rights.ts';
import { T } from '../../texts.ts';
import { Badge, BorrowedBadge } from '../../ui/badge.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { nameOf } from './holder-name.ts';

interface HolderTableProps {
  readonly sessions: readonly Session[];
  /** Seconds. */
  readonly lease: number;
  /** When the list was fetched, in milliseconds: what "ago" counts from. */
  readonly now: number;
  /** Handles of sessions that have ended since the rows were drawn. */
  readonly gone?: ReadonlySet<string>;
  readonly onTakeBack?: (session: Session) => void;
}

const text = T.holders;

/** Without a heartbeat for two thirds of a lease a program has missed at least one. */
const isSilent = ({ last_heartbeat }: Session, lease: number, now: number) =>
  now - Date.parse(last_heartbeat) > (lease * 1000 * 2) / 3;

/** What a program says of itself and of where it runs. */
export type Client = Pick<Session, 'user_email' | 'hostname' | 'machine' | 'platform' | 'client_version'>;

export const PersonName = ({ of: { user_email } }: { of: Client }) =>
  user_email === null ? <span class="quiet">{text.unknown}</span> : <strong>{user_email}</strong>;

export function machineColumn<Row>(clientOf: (row: Row) => Client): Column<Row> {
  const nameOfMachine = ({ hostname, machine }: Client) => hostname ?? machine;
  return {
    id: 'machine',
    head: text.columns.machine,
    text: true,
    sort: (row) => nameOfMachine(clientOf(row)).toLowerCase(),
    cell: (row) => {
      const client = clientOf(row);
      const details = [client.platform, client.client_version].filter((one) => one !== null);
      return (
        <>
          <span title={client.machine}>{nameOfMachine(client)}</span>
          {details.length === 0 ? null : <div class="quiet small">{details.join(' · ')}</div>}
        </>
      );
    },
  };
}

export function HolderTable({ sessions, lease, now, gone, onTakeBack }: HolderTableProps) {
  const columns: (Column<Session> | undefined)[] = [
    {
      id: 'who',
      head: text.columns.who,
      sort: (session) => nameOf(session).toLowerCase(),
      cell: (session) => <PersonName of={session} />,
    },
    machineColumn((session) => session),
    {
      id: 'since',
      head: text.columns.since,
      sort: ({ acquired_at }) => acquired_at,
      cell: ({ acquired_at }) => <Time at={acquired_at} style="ago" now={now} />,
    },
    {
      id: 'heard',
      head: text.columns.heard,
      sort: ({ last_heartbeat }) => last_heartbeat,
      cell: ({ last_heartbeat }) => <Time at={last_heartbeat} style="ago" now={now} />,
    },
    {
      id: 'kind',
      head: text.columns.kind,
      sort: (session) => (session.lingering ? 2 : isSilent(session, lease, now) ? 1 : 0),
      cell: (session) => (
        <Kind session={session} silent={isSilent(session, lease, now)} gone={gone?.has(session.session) === true} />
      ),
    },
    onTakeBack === undefined || !may('endSession')
      ? undefined
      : {
          id: 'act',
          head: text.columns.act,
          headHidden: true,
          cell: (session) =>
            gone?.has(session.session) === true ? null : (
              <div class="actions">
                <button
                  type="button"
                  class="small"
                  aria-label={`${session.borrowed_until === undefined ? text.takeBack : text.recall}: ${nameOf(session)}`}
                  onClick={() => onTakeBack(session)}
                >
                  {session.borrowed_until === undefined ? text.takeBack : text.recall}
                </button>
              </div>
            ),
        },
  ];
  return <Table caption={text.title} rows={sessions} rowKey={({ session }) => session} columns={columns} />;
}

function Kind({ session, silent, gone }: { session: Session; silent: boolean; gone: boolean }) {
  if (gone) return <Badge kind="plain">{text.gone}</Badge>;
  if (session.borrowed_until !== undefined) return <BorrowedBadge until={session.borrowed_until} />;
  if (session.lingering) return <Badge kind="plain">{text.lingering}</Badge>;
  if (silent) return <Badge kind="warn">{text.silent}</Badge>;
  return <Badge kind="good">{text.online}</Badge>;
}
