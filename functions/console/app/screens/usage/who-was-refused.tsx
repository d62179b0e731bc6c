import { listDenials } from '../../api/denials.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Loaded } from '../../ui/screen.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { nameOf } from '../license/holder-name.ts';
import { machineColumn, PersonName } from '../license/holder-table.tsx';
import { type DeniedMachine, deniedMachines } from './denied-machines.ts';

const text = T.usage.who;

/** Entries that are fetched: a machine has one for each hour and reason. */
const MAX_ENTRIES = 500;

interface WhoProps {
  readonly licenseId: string;
  /** The beginning of the range, RFC 3339. */
  readonly since: string;
  /** How many requests were refused; a new number asks anew. */
  readonly denied: number;
}

/** The people and machines behind the refusals of a range. */
export function WhoWasRefused({ licenseId, since, denied }: WhoProps) {
  const list = useResource(`denials ${licenseId} ${since} ${denied}`, (signal) =>
    listDenials(licenseId, since, signal, MAX_ENTRIES),
  );
  return (
    <section class="after" aria-label={text.title}>
      <h2 class="holders-head">{text.title}</h2>
      <Loaded resource={list}>
        {({ items, complete }) =>
          items.length === 0 ? (
            <p class="quiet">{text.none}</p>
          ) : (
            <>
              {complete ? null : <p class="quiet">{text.some(items.length)}</p>}
              <Table
                caption={text.title}
                rows={deniedMachines(items)}
                rowKey={({ machine, reason }) => `${machine} ${reason}`}
                columns={[
                  {
                    id: 'who',
                    head: text.columns.who,
                    sort: ({ latest }) => nameOf(latest).toLowerCase(),
                    cell: ({ latest }) => <PersonName of={latest} />,
                  },
                  machineColumn(({ latest }: DeniedMachine) => latest),
                  {
                    id: 'why',
                    head: text.columns.why,
                    text: true,
                    sort: ({ reason }) => text.why(reason),
                    cell: ({ reason }) => text.why(reason),
                  },
                  {
                    id: 'times',
                    head: text.columns.times,
                    number: true,
                    sort: ({ count }) => count,
                    cell: ({ count }) => count,
                  },
                  {
                    id: 'first',
                    head: text.columns.first,
                    sort: ({ first }) => first,
                    cell: ({ first }) => <Time at={first} />,
                  },
                  {
                    id: 'last',
                    head: text.columns.last,
                    sort: ({ last }) => last,
                    cell: ({ last }) => <Time at={last} />,
                  },
                ]}
              />
            </>
          )
        }
      </Loaded>
    </section>
  );
}
