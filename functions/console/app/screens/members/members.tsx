import { useState } from 'preact/hooks';
import { listMembers, putMember } from '../../api/tenants.ts';
import type { Member } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { may } from '../../session/rights.ts';
import { session } from '../../session/session.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { Empty, Loaded } from '../../ui/screen.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { Invitations } from './invitations.tsx';
import { RemoveMember } from './remove-member.tsx';

const text = T.members;
const ROLES = ['owner', 'admin', 'member', 'guest'] as const;

/** Who belongs to a customer, with which role, and who is invited. */
export function Members({ tenantId }: { tenantId: string }) {
  const list = useResource(`members of ${tenantId}`, (signal) => listMembers(tenantId, signal));
  const [removing, setRemoving] = useState<Member>();
  const me = session.value.state === 'signed_in' ? session.value.uid : '';
  const change = useAct(async (_key, uid: string, role: string, before: string) => {
    await putMember(tenantId, uid, role);
    // Whoever gives away the right to change roles cannot take that back.
    announce(text.changed, uid === me ? undefined : () => void change.perform(uid, before, role));
    list.reload();
    return true;
  });
  /** A role that was not changed is not shown as if it were. */
  const choose = async (member: Member, select: HTMLSelectElement) => {
    if ((await change.perform(member.uid, select.value, member.role)) !== true) select.value = member.role;
  };
  return (
    <div class="stack">
      <FailureNotice failure={change.failure} act />
      <Loaded resource={list}>
        {({ items }) => {
          const lastOwner = items.filter(({ role }) => role === 'owner').length < 2;
          const isProtected = ({ role }: Member) => role === 'owner' && lastOwner;
          if (items.length === 0) return <Empty title={text.empty} />;
          return (
            <>
              <Table
                caption={text.title}
                rows={items}
                rowKey={({ uid }) => uid}
                columns={[
                  {
                    id: 'who',
                    head: text.columns.who,
                    sort: ({ email, uid }) => email ?? uid,
                    cell: ({ email, uid }) => (
                      <>
                        {email ?? uid} {uid === me ? <span class="quiet">{text.you}</span> : null}
                      </>
                    ),
                  },
                  {
                    id: 'role',
                    head: text.columns.role,
                    sort: ({ role }) => ROLES.indexOf(role),
                    cell: (member) =>
                      may('putMember') && !isProtected(member) ? (
                        <select
                          class="inline"
                          aria-label={text.roleOf(member.email ?? member.uid)}
                          value={member.role}
                          onChange={(event) => void choose(member, event.currentTarget)}
                        >
                          {ROLES.map((role) => (
                            <option key={role} value={role} selected={role === member.role}>
                              {T.shell.roles[role]}
                            </option>
                          ))}
                        </select>
                      ) : (
                        <>
                          {T.shell.roles[member.role]}
                          {may('putMember') && isProtected(member) ? (
                            <div class="quiet small">{text.lastOwner}</div>
                          ) : null}
                        </>
                      ),
                  },
                  {
                    id: 'since',
                    head: text.columns.since,
                    sort: ({ added_at }) => added_at,
                    cell: ({ added_at }) => <Time at={added_at} style="date" />,
                  },
                  {
                    id: 'act',
                    head: T.holders.columns.act,
                    headHidden: true,
                    cell: (member) =>
                      may('removeMember') && !isProtected(member) ? (
                        <div class="actions">
                          <button
                            type="button"
                            class="small"
                            aria-label={`${text.remove}: ${member.email ?? member.uid}`}
                            onClick={() => setRemoving(member)}
                          >
                            {text.remove}
                          </button>
                        </div>
                      ) : null,
                  },
                ]}
              />
              <p class="quiet small">{text.rolesHint}</p>
            </>
          );
        }}
      </Loaded>
      {may('invite') ? <Invitations tenantId={tenantId} /> : null}
      {removing === undefined ? null : (
        <RemoveMember
          tenantId={tenantId}
          member={removing}
          self={removing.uid === me}
          onClose={() => setRemoving(undefined)}
          onDone={() => {
            setRemoving(undefined);
            list.reload();
          }}
        />
      )}
    </div>
  );
}
