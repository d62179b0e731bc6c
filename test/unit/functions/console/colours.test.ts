import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accentValues, contrast } from '#functions/console/app/portal/colours.ts';

const pair = (value: string) => /^light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)$/.exec(value)?.slice(1) ?? [];

test('black on white has the contrast that WCAG says', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
});

test('whatever colour the vendor has, its text can be read in both schemes, and so can text on it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffff }), (number) => {
      const { accent, onAccent } = accentValues(`#${number.toString(16).padStart(6, '0')}`);
      const [[light = '', dark = ''], [onLight = '', onDark = '']] = [pair(accent), pair(onAccent)];
      for (const background of ['#ffffff', '#e7f4ee']) expect(contrast(light, background)).toBeGreaterThanOrEqual(4.5);
      for (const background of ['#111514', '#191f1d', '#1a2f27'])
        expect(contrast(dark, background)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(onLight, light)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(onDark, dark)).toBeGreaterThanOrEqual(4.5);
    }),
  );
});

test('a colour that is readable already stays as it is', () => {
  expect(pair(accentValues('#17614a').accent)[0]).toBe('#17614a');
});
