import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { T } from '../texts.ts';

export interface Column<Row> {
  readonly id: string;
  readonly head: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** What the column is sorted by; without it the column cannot be. */
  readonly sort?: (row: Row) => string | number;
  readonly number?: boolean;
  /** Free text that people have entered, which may hold words of any length. */
  readonly text?: boolean;
  /** The head is for screen readers alone, e.g. over buttons. */
  readonly headHidden?: boolean;
}

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly (Column<Row> | undefined)[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Rows drawn at once; the others come page by page. */
  readonly pageSize?: number;
}

interface Order {
  readonly id: string;
  readonly down: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true });

function sorted<Row>(rows: readonly Row[], sort: NonNullable<Column<Row>['sort']>, down: boolean): readonly Row[] {
  const compare = (a: string | number, b: string | number) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b));
  return [...rows].sort((a, b) => compare(sort(a), sort(b)) * (down ? -1 : 1));
}

/** A table whose first column heads its row. In a narrow window each row becomes a block with the heads beside its cells. */
export function Table<Row>({ caption, columns: wanted, rows, rowKey, pageSize = 100 }: TableProps<Row>) {
  const columns = wanted.filter((column) => column !== undefined);
  const [order, setOrder] = useState<Order>();
  const [page, setPage] = useState(0);
  const by = columns.find(({ id }) => id === order?.id)?.sort;
  const all = by === undefined ? rows : sorted(rows, by, order?.down === true);
  const pages = Math.max(1, Math.ceil(all.length / pageSize));
  const current = Math.min(page, pages - 1);
  const shown = all.slice(current * pageSize, (current + 1) * pageSize);
  const [first, ...others] = columns;
  if (first === undefined) return null;
  return (
    <>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} order={order} onOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={rowKey(row)}>
              <th scope="row">{first.cell(row)}</th>
              {others.map(({ id, head, headHidden, cell, number, text }) => (
                <td
                  key={id}
                  data-head={headHidden ? undefined : head}
                  class={number ? 'num' : text ? 'wrap' : undefined}
                >
                  <div>{cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {pages > 1 ? (
        <nav class="pager" aria-label={T.pages.of(caption)}>
          <button type="button" disabled={current === 0} onClick={() => setPage(current - 1)}>
            {T.pages.previous}
          </button>
          <span class="quiet">
            {T.pages.range(current * pageSize + 1, current * pageSize + shown.length, all.length)}
          </span>
          <button type="button" disabled={current === pages - 1} onClick={() => setPage(current + 1)}>
            {T.pages.next}
          </button>
        </nav>
      ) : null}
    </>
  );
}

interface HeadProps<Row> {
  readonly column: Column<Row>;
  readonly order: Order | undefined;
  readonly onOrder: (order: Order) => void;
}

function Head<Row>({ column: { id, head, headHidden, sort, number }, order, onOrder }: HeadProps<Row>) {
  const className = number ? 'num' : undefined;
  if (sort === undefined) {
    return (
      <th scope="col" class={className}>
        {headHidden ? <span class="hidden">{head}</span> : head}
      </th>
    );
  }
  const active = order?.id === id ? order : undefined;
  const direction = active === undefined ? 'none' : active.down ? 'descending' : 'ascending';
  return (
    <th scope="col" class={className} aria-sort={direction}>
      <button type="button" class="sort" onClick={() => onOrder({ id, down: active !== undefined && !active.down })}>
        {head}
        <span aria-hidden="true" class="arrow">
          {active === undefined ? '↕' : active.down ? '↓' : '↑'}
        </span>
      </button>
    </th>
  );
}
