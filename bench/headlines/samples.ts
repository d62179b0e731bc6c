import type { ReportRow } from '../report.ts';
import { median } from '../seats/storm.ts';

/** One line of the table: what is measured of both sides and of something that neither of them is. */
export interface Headline {
  readonly name: string;
  /** The larger value is the better one. */
  readonly more?: boolean;
  /** What it stands beside, measured in the same rounds. */
  readonly baseline?: string;
}

export type Column = 'before' | 'after' | 'baseline';

/** Values by headline and column, one a round. */
export interface Samples {
  add(headline: Headline, column: Column, value: number): void;
  rows(): readonly ReportRow[];
}

export function createSamples(): Samples {
  const all = new Map<string, Record<Column, number[]> & { headline: Headline }>();
  return {
    add(headline, column, value) {
      const row = all.get(headline.name) ?? { headline, before: [], after: [], baseline: [] };
      all.set(headline.name, row);
      row[column].push(value);
    },
    rows: () => [...all.values()].map(rowOf),
  };
}

const NONE = '-';

/** Three digits that count. */
const rounded = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(value < 1_000 ? 3 : 4)) : NONE);

function rowOf({ headline, before, after, baseline }: Record<Column, number[]> & { headline: Headline }): ReportRow {
  const better = (a: readonly number[], b: readonly number[]) =>
    b.flatMap((value, round) => {
      const other = a[round];
      return other === undefined ? [] : [headline.more ? value / other : other / value];
    });
  const sides = better(before, after);
  const beside = better(baseline, after);
  return {
    headline: headline.name,
    before: rounded(median(before)),
    after: rounded(median(after)),
    'better by': rounded(median(sides)),
    'the least': rounded(Math.min(...sides)),
    'the most': rounded(Math.max(...sides)),
    baseline: headline.baseline ?? NONE,
    'of it': rounded(median(baseline)),
    'after beside it': rounded(median(beside)),
  };
}
