type Colour = readonly [red: number, green: number, blue: number];

/** WCAG 2.2, success criterion 1.4.3. */
const CONTRAST = 4.5;

const parse = (hex: string): Colour =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Colour;

const hexOf = (colour: Colour): string =>
  `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;

/** Relative luminance, as WCAG defines it. */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(one: string, another: string): number {
  const [high = 0, low = 0] = [luminance(parse(one)), luminance(parse(another))].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** The vendor's colour, made darker or lighter until text of it can be read on the background. */
function readable(accent: string, background: string): string {
  const towards: Colour = luminance(parse(background)) > 0.2 ? [0, 0, 0] : [255, 255, 255];
  for (let share = 0; share <= 1; share += 0.05) {
    const mixed = hexOf(
      parse(accent).map((part, index) => part + ((towards[index] ?? 0) - part) * share) as unknown as Colour,
    );
    if (contrast(mixed, background) >= CONTRAST) return mixed;
  }
  return hexOf(towards);
}

/** Black or white, whichever is read better on the colour. */
const textOn = (colour: string): string => (contrast(colour, '#ffffff') >= CONTRAST ? '#ffffff' : '#000000');

/** The backgrounds of `styles/base.css` that text of the accent colour stands on, the least favourable of each scheme. */
const BACKGROUNDS = { light: '#e7f4ee', dark: '#1a2f27' } as const;

/** The values of `--accent` and `--on-accent` for both schemes. */
export function accentValues(accent: string): { readonly accent: string; readonly onAccent: string } {
  const [light, dark] = [readable(accent, BACKGROUNDS.light), readable(accent, BACKGROUNDS.dark)];
  return { accent: `light-dark(${light}, ${dark})`, onAccent: `light-dark(${textOn(light)}, ${textOn(dark)})` };
}
