/** Lines on two logarithmic axes, of positive values. */
export interface LogLogPlot {
  readonly x: string;
  readonly y: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[];
}

const [WIDTH, HEIGHT] = [720, 400];
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 110, 20, 50];
/** Told apart by people who see no red or no green, too (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];

/** The powers of ten around the values. */
function decades(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: high - low + 1 }, (_, index) => low + index);
}

/** An SVG document on a white ground, so that it is readable on a dark page. */
export function drawLogLog({ x, y, lines }: LogLogPlot): string {
  const points = lines.flatMap((line) => line.points);
  const [xs, ys] = [decades(points.map(([at]) => at)), decades(points.map(([, at]) => at))];
  const place = (value: number, [first = 0, ...rest]: readonly number[], from: number, to: number) =>
    Number((from + ((Math.log10(value) - first) / ((rest.at(-1) ?? first + 1) - first)) * (to - from)).toFixed(1));
  const across = (value: number) => place(value, xs, LEFT, WIDTH - RIGHT);
  const up = (value: number) => place(value, ys, HEIGHT - BOTTOM, TOP);
  const grid = [
    ...xs.map((power) => {
      const at = across(10 ** power);
      return (
        `<path d="M${at} ${TOP}V${HEIGHT - BOTTOM}" stroke="#ddd"/>` +
        `<text x="${at}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${(10 ** power).toLocaleString('en-GB')}</text>`
      );
    }),
    ...ys.map((power) => {
      const at = up(10 ** power);
      return (
        `<path d="M${LEFT} ${at}H${WIDTH - RIGHT}" stroke="#ddd"/>` +
        `<text x="${LEFT - 8}" y="${at + 4}" text-anchor="end">${10 ** power}</text>`
      );
    }),
  ];
  const drawn = lines.map(({ name, points: own }, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const path = own.map(([at, value]) => `${across(at)} ${up(value)}`).join('L');
    const [lastX, lastY] = own.at(-1) ?? [1, 1];
    return (
      `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>` +
      own.map(([at, value]) => `<circle cx="${across(at)}" cy="${up(value)}" r="3" fill="${colour}"/>`).join('') +
      `<text x="${across(lastX) + 8}" y="${up(lastY) + 4}" fill="${colour}">${name}</text>`
    );
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${y}, by ${x}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...grid,
    ...drawn,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${x}</text>`,
    `<text transform="translate(16 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${y}</text>`,
    '</svg>',
  ].join('\n')}\n`;
}
