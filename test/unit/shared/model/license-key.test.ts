import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLicenseId, normalizeLicenseKey, parseLicenseKey } from '#shared/license-format/license-key.ts';
import { hashLicenseKey, newLicenseId, newLicenseKey } from '#shared/model/license-key.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Bytes 0, 1, 2, …, so that a key is known in advance. */
const counting = (size: number) => Uint8Array.from({ length: size }, (_, index) => index);
const KNOWN = 'CS-01234-56789-AB012-34567-89ABC-DEFGH-JKMNP-QRST5';

const licenseKey = fc
  .record({
    id: fc.uint8Array({ minLength: 12, maxLength: 12 }),
    secret: fc.uint8Array({ minLength: 27, maxLength: 27 }),
  })
  .map(({ id, secret }) =>
    newLicenseKey(
      newLicenseId(() => id),
      () => secret,
    ),
  );

const replaceAt = (text: string, at: number, piece: string) =>
  text.slice(0, at) + piece + text.slice(at + piece.length);

describe('newLicenseKey', () => {
  it('writes eight groups of five, of which the first twelve characters are the id', () => {
    const id = newLicenseId(counting);
    expect(id).toBe('lic_0123456789ab');
    expect(newLicenseKey(id, counting)).toEqual({ licenseId: id, text: KNOWN });
  });

  it('draws another id and another key each time', () => {
    const ids = new Set(Array.from({ length: 100 }, () => newLicenseId()));
    expect(ids.size).toBe(100);
    expect([...ids].every(isLicenseId)).toBe(true);
    expect(new Set(Array.from({ length: 100 }, () => newLicenseKey('lic_0123456789ab').text)).size).toBe(100);
  });

  it.each([
    ['lic_0123456789AB'],
    ['0123456789ab'],
    ['lic_0123456789a'],
    ['lic_0123456789ai'],
    ['lic_0123456789abc'],
    [''],
  ])('refuses the id %o', (id) => {
    expect(isLicenseId(id)).toBe(false);
    expect(() => newLicenseKey(id)).toThrow(TypeError);
  });
});

describe('normalizeLicenseKey', () => {
  it('changes no key that parses, and makes one parse whatever separates its groups', () => {
    const separator = fc.constantFrom('-', ' ', '_', '–', '.', '\u00a0', '\u200b', '');
    fc.assert(
      fc.property(licenseKey, separator, (key, between) => {
        expect(parseLicenseKey(normalizeLicenseKey(key.text.replaceAll('-', between)))).toEqual(key);
      }),
    );
  });

  it('is empty without a letter or digit', () => expect(normalizeLicenseKey(' -_.\n')).toBe(''));
});

describe('parseLicenseKey', () => {
  it('reads every key that is made', () => {
    fc.assert(
      fc.property(licenseKey, (key) => {
        expect(parseLicenseKey(key.text)).toEqual(key);
      }),
    );
  });

  it('reads a key however it is typed', () => {
    const known = parseLicenseKey(KNOWN);
    expect(known?.text).toBe(KNOWN);
    const typed = [
      KNOWN.toLowerCase(),
      KNOWN.replaceAll('-', ''),
      KNOWN.replaceAll('-', ' '),
      KNOWN.slice(3),
      ` ${KNOWN}\n`,
      KNOWN.replaceAll('-', ' \u2013 '),
      `\u201c${KNOWN.replaceAll('-', '\u00ad\u2011')}\u201d`,
      KNOWN.replaceAll('-', '_________'),
      String.fromCodePoint(...[...KNOWN].map((one) => (one === '-' ? 0xff0d : one.charCodeAt(0) + 0xfee0))),
      KNOWN.replaceAll('0', 'O').replaceAll('1', 'I'),
      KNOWN.replaceAll('0', 'o').replaceAll('1', 'l'),
    ];
    for (const text of typed) expect(parseLicenseKey(text)).toEqual(known);
  });

  it('reads a key typed without its prefix that begins with the prefix’s letters', () => {
    const { text } = newLicenseKey('lic_cs2345678901', counting);
    expect(text.startsWith('CS-CS234')).toBe(true);
    expect(parseLicenseKey(text)?.text).toBe(text);
    expect(parseLicenseKey(text.slice('CS-'.length))?.text).toBe(text);
  });

  it('notices every single wrong character', () => {
    fc.assert(
      fc.property(licenseKey, ({ text }) => {
        for (let at = 3; at < text.length; at += 1) {
          if (text[at] === '-') continue;
          for (const other of ALPHABET) {
            if (other !== text[at]) expect(parseLicenseKey(replaceAt(text, at, other))).toBe(undefined);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('notices every swap of neighbours but that of 0 and Z', () => {
    fc.assert(
      fc.property(licenseKey, ({ text }) => {
        const body = text.slice(3).replaceAll('-', '');
        for (let at = 0; at < body.length - 1; at += 1) {
          const pair = body.slice(at, at + 2);
          const swapped = `${pair[1]}${pair[0]}`;
          if (swapped === pair) continue;
          const missed = pair === '0Z' || pair === 'Z0';
          expect(parseLicenseKey(replaceAt(body, at, swapped)) !== undefined, pair).toBe(missed);
        }
      }),
    );
  });

  it('takes one check character of 32', () => {
    const accepted = [...ALPHABET].filter((check) => parseLicenseKey(KNOWN.slice(0, -1) + check) !== undefined);
    expect(accepted).toEqual(['5']);
  });

  it.each([
    [''],
    ['CS'],
    [KNOWN.slice(0, -1)],
    [`${KNOWN}0`],
    [`CS-${KNOWN}`],
    [KNOWN.replace('CS', 'SC')],
    [KNOWN.replace('T5', 'U5')],
    [KNOWN.replaceAll('0', '٠')],
    [' '.repeat(10_000) + KNOWN],
  ])('refuses %j', (text) => {
    expect(parseLicenseKey(text)).toBe(undefined);
  });
});

describe('the hash of a licence key', () => {
  it('is SHA-256 of its one spelling', () => {
    // printf CS-01234-… | sha256sum
    const key = parseLicenseKey(KNOWN.toLowerCase());
    expect(key && hashLicenseKey(key)).toBe('cd59f9a1a95ee1f2b93d77dfd6ee583624686d68e151b3454587fb3e01f4ef46');
  });

  it.each([[KNOWN.replace('-', '_')], [KNOWN.replaceAll('-', '--------')]])('drops whatever separates: %j', (text) => {
    expect(parseLicenseKey(text)?.text).toBe(KNOWN);
  });
});
