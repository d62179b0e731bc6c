import { useState } from 'preact/hooks';
import { listNamedUsers, listSessions, putNamedUser } from '../../../api/licenses.ts';
import type { License, NamedUser, Session } from '../../../api/types.ts';
import { useAct } from '../../../api/use-act.ts';
import { useResource } from '../../../api/use-resource.ts';
import { T } from '../../../texts.ts';
import { announce } from '../../../ui/announce.tsx';
import { csvOf, download } from '../../../ui/csv.ts';
import { TextField } from '../../../ui/field.tsx';
import { FailureNotice, Notice } from '../../../ui/notice.tsx';
import { Empty, Loaded } from '../../../ui/screen.tsx';
import { Table } from '../../../ui/table.tsx';
import { Time } from '../../../ui/time.tsx';
import { AddUsers } from './add-users.tsx';
import { RemoveUser } from './remove-user.tsx';

const text = T.users;

/** Users that are shown, and sessions in which their seats are looked for. */
const MAX_USERS = 2_500;

/** Who may have a seat of a licence that is leased per user, and who has one now. */
export function NamedUsers({ license }: { license: License }) {
  const id = license.license_id;
  const list = useResource(`users of ${id}`, async (signal) => {
    const { items, complete } = await listNamedUsers(id, signal, MAX_USERS);
    return { items: [...items].sort((a, b) => (a.email < b.email ? -1 : 1)), complete };
  });
  const held = useResource(`seats of users of ${id}`, async (signal) => {
    const { items } = await listSessions(id, signal, MAX_USERS);
    return new Map(items.map((one) => [one.user_email?.toLowerCase() ?? '', one]));
  });
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<NamedUser>();
  /** Whose removal is being undone. */
  const [undone, setUndone] = useState<string>();
  const [find, setFind] = useState('');
  const reload = () => {
    list.reload();
    held.reload();
  };
  const undo = useAct(async (_key, email: string) => {
    await putNamedUser(id, email);
    announce(text.back(email));
    reload();
  });
  const open = license.status !== 'archived';
  return (
    <>
      {license.named_users ? null : <Notice kind="warn">{text.off}</Notice>}
      <div class="row apart holders-head">
        <p class="quiet">{text.lead}</p>
        {open ? (
          <button type="button" class="primary" onClick={() => setAdding(true)}>
            {text.add}
          </button>
        ) : null}
      </div>
      <FailureNotice failure={undo.failure} act retry={() => void undo.perform(undone ?? '')} />
      <Loaded resource={list}>
        {({ items, complete }) =>
          items.length === 0 ? (
            <Empty title={text.empty}>
              <p>{text.emptyText}</p>
            </Empty>
          ) : (
            <>
              <div class="filters">
                <div class="field grow">
                  <TextField label={text.find} type="search" value={find} onValue={setFind} />
                </div>
                <button type="button" onClick={() => exportUsers(id, items)}>
                  {T.licenses.csv}
                </button>
              </div>
              <UserTable
                users={items.filter(({ email }) => email.includes(find.trim().toLowerCase()))}
                held={held.data}
                onRemove={open ? setRemoving : undefined}
              />
              {complete ? null : <p class="quiet">{T.holders.more(items.length)}</p>}
            </>
          )
        }
      </Loaded>
      {adding ? (
        <AddUsers
          licenseId={id}
          onClose={() => setAdding(false)}
          onAdded={(count) => {
            setAdding(false);
            announce(text.added(count));
            reload();
          }}
          onSome={reload}
        />
      ) : null}
      {removing === undefined ? null : (
        <RemoveUser
          license={license}
          email={removing.email}
          session={held.data?.get(removing.email)}
          onClose={() => setRemoving(undefined)}
          onDone={() => {
            const { email } = removing;
            setRemoving(undefined);
            announce(text.removed(email), () => {
              setUndone(email);
              void undo.perform(email);
            });
            reload();
          }}
        />
      )}
    </>
  );
}

const exportUsers = (licenseId: string, users: readonly NamedUser[]) =>
  download(
    `users-${licenseId}.csv`,
    csvOf(
      ['email', 'added_at', 'last_acquired_at'],
      users.map(({ email, added_at, last_acquired_at }) => [email, added_at, last_acquired_at]),
    ),
  );

interface UserTableProps {
  readonly users: readonly NamedUser[];
  /** The session of each user who has a seat; undefined while that is not known. */
  readonly held: ReadonlyMap<string, Session> | undefined;
  readonly onRemove: ((user: NamedUser) => void) | undefined;
}

const UserTable = ({ users, held, onRemove }: UserTableProps) => (
  <Table
    caption={text.title}
    rows={users}
    rowKey={({ email }) => email}
    columns={[
      { id: 'email', head: text.columns.email, sort: ({ email }) => email, cell: ({ email }) => email },
      {
        id: 'seat',
        head: text.columns.seat,
        cell: ({ email }) => {
          const session = held?.get(email);
          return session === undefined ? (
            <span class="quiet">{held === undefined ? '' : T.none}</span>
          ) : (
            text.on(session.hostname ?? session.machine)
          );
        },
      },
      {
        id: 'last',
        head: text.columns.last,
        sort: ({ last_acquired_at }) => last_acquired_at ?? '',
        cell: ({ last_acquired_at }) =>
          last_acquired_at === null ? (
            <span class="quiet">{T.keys.never}</span>
          ) : (
            <Time at={last_acquired_at} style="date" />
          ),
      },
      {
        id: 'added',
        head: text.columns.added,
        sort: ({ added_at }) => added_at,
        cell: ({ added_at }) => <Time at={added_at} style="date" />,
      },
      onRemove && {
        id: 'act',
        head: T.holders.columns.act,
        headHidden: true,
        cell: (user: NamedUser) => (
          <div class="actions">
            <button
              type="button"
              class="small"
              aria-label={`${T.members.remove}: ${user.email}`}
              onClick={() => onRemove(user)}
            >
              {T.members.remove}
            </button>
          </div>
        ),
      },
    ]}
  />
);
