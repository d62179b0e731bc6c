import { useState } from 'preact/hooks';
import { type Holder, type HoldersAnswer, listHolders, releaseHolder } from '../../api/holders.ts';
import { useAct } from '../../api/use-act.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { BorrowedBadge } from '../../ui/badge.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { TextField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { Empty } from '../../ui/screen.tsx';
import { SeatBar } from '../../ui/seat-bar.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';

const text = T.byKey;

/** What a licence lets whoever has its key see and free. The key stays in the page's memory. */
export function ByKey() {
  const [key, setKey] = useState('');
  const [found, setFound] = useState<HoldersAnswer>();
  const [freeing, setFreeing] = useState<Holder>();
  const look = useAct(async (_key, licenseKey: string) => setFound(await listHolders(licenseKey)));
  const free = useAct(async (_key, session: string, who: string) => {
    await releaseHolder(key, session);
    setFreeing(undefined);
    announce(T.holders.takenBack(who));
    await look.perform(key);
  });
  return (
    <section class="panel stack" aria-labelledby="by-key">
      <h2 id="by-key">{text.title}</h2>
      <p class="quiet">{text.lead}</p>
      <form
        class="key-form"
        onSubmit={(event) => {
          event.preventDefault();
          setFound(undefined);
          if (key.trim() !== '') void look.perform(key.trim());
        }}
      >
        <TextField label={T.licenses.key} value={key} onValue={setKey} autocomplete="off" maxLength={400} />
        <button type="submit" aria-disabled={look.pending}>
          {look.pending ? T.working : text.look}
        </button>
      </form>
      <FailureNotice failure={look.failure} />
      {found === undefined ? null : 'seats_used' in found ? (
        <>
          <div class="big">
            <SeatBar used={found.seats_used} total={found.seats_total} />
          </div>
          <p>{text.countOnly}</p>
        </>
      ) : found.length === 0 ? (
        <Empty title={T.holders.emptyTitle} />
      ) : (
        <HolderList holders={found} onFree={setFreeing} />
      )}
      {freeing === undefined ? null : (
        <Confirm
          title={T.holders.takeBackTitle}
          action={text.free}
          pending={free.pending}
          failure={free.failure}
          onConfirm={() => void free.perform(freeing.session, nameOf(freeing))}
          onClose={() => {
            setFreeing(undefined);
            free.clear();
          }}
        >
          <p>{T.holders.takeBackText(nameOf(freeing))}</p>
        </Confirm>
      )}
    </section>
  );
}

const nameOf = ({ user_email, hostname }: Holder): string => user_email ?? hostname ?? T.holders.unknown;

const HolderList = ({ holders, onFree }: { holders: readonly Holder[]; onFree: (holder: Holder) => void }) => (
  <Table
    caption={T.holders.title}
    rows={holders}
    rowKey={({ session }) => session}
    columns={[
      { id: 'who', head: T.holders.columns.who, sort: nameOf, cell: (holder) => <strong>{nameOf(holder)}</strong> },
      {
        id: 'machine',
        head: T.holders.columns.machine,
        text: true,
        cell: ({ hostname, platform }) => [hostname, platform].filter(Boolean).join(' · ') || T.none,
      },
      {
        id: 'since',
        head: T.holders.columns.since,
        sort: ({ acquired_at }) => acquired_at,
        cell: ({ acquired_at }) => <Time at={acquired_at} />,
      },
      {
        id: 'heard',
        head: T.holders.columns.heard,
        sort: ({ last_heartbeat }) => last_heartbeat,
        cell: ({ last_heartbeat }) => <Time at={last_heartbeat} style="ago" />,
      },
      {
        id: 'act',
        head: T.holders.columns.act,
        headHidden: true,
        cell: (holder) =>
          holder.borrowed_until === undefined ? (
            <div class="actions">
              <button
                type="button"
                class="small"
                aria-label={`${text.free}: ${nameOf(holder)}`}
                onClick={() => onFree(holder)}
              >
                {text.free}
              </button>
            </div>
          ) : (
            <BorrowedBadge until={holder.borrowed_until} />
          ),
      },
    ]}
  />
);
