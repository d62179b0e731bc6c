import { everyPage } from '../../api/licenses.ts';
import { remove } from '../../api/request.ts';
import type { License, Ticket } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { may } from '../../session/rights.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { Empty, Loaded } from '../../ui/screen.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { nameOf } from './holder-name.ts';

const text = T.queue;

/** Tickets that are shown; nobody looks through more. */
const MAX_TICKETS = 500;
const PERIOD = 10_000;

/** Who waits for a seat, in the order in which they get one. */
export function Queue({ license }: { license: License }) {
  const path = `/api/v1/licenses/${encodeURIComponent(license.license_id)}/queue`;
  const list = useResource(
    `queue of ${license.license_id}`,
    (signal) => everyPage<Ticket>(path, signal, MAX_TICKETS),
    PERIOD,
  );
  const removal = useAct(async (_key, ticket: string) => {
    await remove(`${path}/${encodeURIComponent(ticket)}`);
    announce(text.removed);
    list.reload();
  });
  return (
    <>
      {license.queue === null ? <p class="quiet holders-head">{text.off}</p> : null}
      <FailureNotice failure={removal.failure} act />
      <Loaded resource={list}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={text.empty} />
          ) : (
            <Table
              caption={text.title}
              rows={items}
              rowKey={({ ticket }) => ticket}
              columns={[
                { id: 'position', head: text.position, cell: ({ position }) => text.place(position) },
                {
                  id: 'who',
                  head: T.holders.columns.who,
                  text: true,
                  cell: (ticket) => <strong>{nameOf(ticket)}</strong>,
                },
                {
                  id: 'machine',
                  head: T.holders.columns.machine,
                  text: true,
                  cell: ({ hostname, machine, platform }) =>
                    [hostname ?? machine, platform].filter(Boolean).join(' · '),
                },
                {
                  id: 'since',
                  head: T.holders.columns.since,
                  cell: ({ since }) => <Time at={since} style="ago" now={list.at} />,
                },
                { id: 'until', head: text.until, cell: ({ wait_until }) => <Time at={wait_until} /> },
                { id: 'priority', head: text.priority, number: true, cell: ({ priority }) => priority },
                may('removeTicket')
                  ? {
                      id: 'act',
                      head: T.holders.columns.act,
                      headHidden: true,
                      cell: (ticket) => (
                        <div class="actions">
                          <button
                            type="button"
                            class="small"
                            aria-label={`${T.members.remove}: ${nameOf(ticket)}`}
                            onClick={() => void removal.perform(ticket.ticket)}
                          >
                            {T.members.remove}
                          </button>
                        </div>
                      ),
                    }
                  : undefined,
              ]}
            />
          )
        }
      </Loaded>
    </>
  );
}
