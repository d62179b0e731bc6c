import { useState } from 'preact/hooks';
import { invite, listInvitations, withdrawInvitation } from '../../api/tenants.ts';
import type { CreatedInvitation } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { errorAt, SelectField, TextField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { Loaded } from '../../ui/screen.tsx';
import { ShownOnce } from '../../ui/shown-once.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';

const text = T.invitation;
const { roles } = T.shell;

/** Invites by e-mail address. The link holds the token in its fragment, which no server sees. */
export function Invitations({ tenantId }: { tenantId: string }) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState('member');
  const [made, setMade] = useState<CreatedInvitation & { readonly email: string }>();
  const list = useResource(`invitations of ${tenantId}`, (signal) => listInvitations(tenantId, signal));
  const act = useAct(async (key, body: { email: string; role: string }) => {
    setMade({ ...(await invite(key, tenantId, body)), email: body.email });
    setEmail('');
    list.reload();
  });
  const withdraw = useAct(async (_key, id: string) => {
    await withdrawInvitation(tenantId, id);
    announce(text.withdrawn);
    list.reload();
  });
  return (
    <section class="panel stack" aria-labelledby="invite">
      <h2 id="invite">{text.invite}</h2>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act.perform({ email: email.trim(), role });
        }}
      >
        <TextField
          label={T.signIn.email}
          type="email"
          required
          value={email}
          onValue={setEmail}
          error={errorAt(act.failure, 'email')}
        />
        <SelectField
          label={T.members.columns.role}
          value={role}
          onValue={setRole}
          options={[
            ['owner', roles.owner],
            ['admin', roles.admin],
            ['member', roles.member],
            ['guest', roles.guest],
          ]}
        />
        <button type="submit" class="primary" aria-disabled={act.pending}>
          {act.pending ? T.working : text.send}
        </button>
      </form>
      <FailureNotice failure={act.failure ?? withdraw.failure} act />
      <Loaded resource={list}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="quiet">{text.none}</p>
          ) : (
            <Table
              caption={text.pending}
              rows={items}
              rowKey={({ invitation_id }) => invitation_id}
              columns={[
                { id: 'who', head: T.signIn.email, sort: (one) => one.email, cell: (one) => one.email },
                { id: 'role', head: T.members.columns.role, cell: (one) => roles[one.role] },
                {
                  id: 'ends',
                  head: text.ends,
                  sort: ({ expires_at }) => expires_at,
                  cell: ({ expires_at }) => <Time at={expires_at} />,
                },
                {
                  id: 'act',
                  head: T.holders.columns.act,
                  headHidden: true,
                  cell: (one) => (
                    <div class="actions">
                      <button
                        type="button"
                        class="small"
                        aria-label={`${text.withdraw}: ${one.email}`}
                        onClick={() => void withdraw.perform(one.invitation_id)}
                      >
                        {text.withdraw}
                      </button>
                    </div>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      {made === undefined ? null : (
        <ShownOnce
          title={text.madeTitle(made.email)}
          lead={text.madeLead}
          secret={`${location.origin}/console/invitation#${encodeURIComponent(made.token)}`}
          what={text.link}
          onDone={() => setMade(undefined)}
        />
      )}
    </section>
  );
}
