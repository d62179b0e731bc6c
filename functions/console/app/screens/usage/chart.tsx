import { T } from '../../texts.ts';
import type { Bucket } from './buckets.ts';

interface ChartProps {
  readonly buckets: readonly Bucket[];
  readonly seats: number;
  readonly labelOf: (bucket: Bucket) => string;
  /** Of the sentence that says what the chart shows. */
  readonly describedBy: string;
}

const WIDTH = 960;
const HEIGHT = 260;
const LEFT = 44;
const BOTTOM = 26;
const TOP = 12;
const DENIED_HEIGHT = 54;

/** Round steps, so that at most five lines cross the chart. */
function ticksUpTo(top: number): number[] {
  const rough = Math.max(1, top / 4);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => Math.round(index * step));
}

/**
 * Peaks as bars against the line of the seats that there are, and refused requests as a second series below. What is
 * above the line is hatched. The table below the chart has the same figures, so the drawing is hidden from readers.
 */
export function Chart({ buckets, seats, labelOf, describedBy }: ChartProps) {
  const top = Math.max(1, seats, ...buckets.map(({ peak }) => peak)) * 1.08;
  const denials = Math.max(1, ...buckets.map(({ denied }) => denied));
  const anyDenied = buckets.some(({ denied }) => denied > 0);
  const floor = HEIGHT - BOTTOM - (anyDenied ? DENIED_HEIGHT : 0);
  const y = (value: number) => floor - (value / top) * (floor - TOP);
  const slot = (WIDTH - LEFT) / Math.max(1, buckets.length);
  const bar = Math.max(1, Math.min(slot * 0.72, 46));
  const x = (index: number) => LEFT + index * slot + (slot - bar) / 2;
  const every = Math.ceil(buckets.length / 8);
  return (
    <figure class="chart" aria-describedby={describedBy}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        <defs>
          <pattern id="over" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="3" height="6" class="over" />
          </pattern>
        </defs>
        {ticksUpTo(top).map((tick) => (
          <g key={tick}>
            <line x1={LEFT} x2={WIDTH} y1={y(tick)} y2={y(tick)} class="grid" />
            <text x={LEFT - 8} y={y(tick) + 4} class="tick" text-anchor="end">
              {tick}
            </text>
          </g>
        ))}
        {buckets.map(({ at, peak, denied, ...rest }, index) => (
          <g key={at}>
            <rect
              x={x(index)}
              width={bar}
              y={y(Math.min(peak, seats))}
              height={floor - y(Math.min(peak, seats))}
              rx="1.5"
              class="peak"
            />
            {peak > seats ? (
              <rect x={x(index)} width={bar} y={y(peak)} height={y(seats) - y(peak)} fill="url(#over)" />
            ) : null}
            {denied > 0 ? (
              <rect
                x={x(index)}
                width={bar}
                y={HEIGHT - BOTTOM - Math.max(3, (denied / denials) * (DENIED_HEIGHT - 12))}
                height={Math.max(3, (denied / denials) * (DENIED_HEIGHT - 12))}
                class="denied"
              />
            ) : null}
            {index % every === 0 ? (
              <text
                x={x(index) + bar / 2}
                y={HEIGHT - 8}
                class={index % (every * 4) === 0 ? 'tick' : 'tick minor'}
                text-anchor={index === 0 ? 'start' : 'middle'}
              >
                {labelOf({ at, peak, denied, ...rest })}
              </text>
            ) : null}
            <rect x={LEFT + index * slot} width={slot} y={TOP} height={HEIGHT - TOP} class="slot">
              <title>{T.usage.point(labelOf({ at, peak, denied, ...rest }), peak, denied)}</title>
            </rect>
          </g>
        ))}
        <line x1={LEFT} x2={WIDTH} y1={y(seats)} y2={y(seats)} class="limit" />
      </svg>
      <figcaption>
        <span class="key peak-key">{T.usage.peak}</span>
        <span class="key limit-key">{T.usage.limit(seats)}</span>
        {anyDenied ? <span class="key denied-key">{T.usage.denied}</span> : null}
      </figcaption>
    </figure>
  );
}
